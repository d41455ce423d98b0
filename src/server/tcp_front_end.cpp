#include "server/tcp_front_end.hpp"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "server/socket_address.hpp"
#include "server/tcp_connection.hpp"

namespace meridian::server {

TcpFrontEnd::TcpFrontEnd(boost::asio::io_context& loop, Responder& responder, TcpAdmission& admission,
                         stats::WorkerCounters& counters)
    : loop_(loop), responder_(responder), admission_(admission), counters_(counters) {}

TcpFrontEnd::~TcpFrontEnd() {
  empty_ = nullptr;
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close();
}

void TcpFrontEnd::open(Descriptor socket, const sockaddr_storage& peer) {
  counters_.tcp_accepted.add();
  const auto connection = std::make_shared<TcpConnection>(*this, std::move(socket), peer);
  const auto slot =
      admission_.admit(to_endpoint(peer).address, TcpAdmission::Clock::now(), [this, weak = std::weak_ptr(connection)] {
        boost::asio::post(loop_, [weak] {
          if (const auto evicted = weak.lock()) evicted->evict();
        });
      });
  if (!slot) {
    counters_.tcp_refused.add();
    return;
  }
  connections_.insert(connection);
  counters_.tcp_open.add(1);
  connection->start(slot);
}

void TcpFrontEnd::drain(std::function<void()> empty) {
  empty_ = std::move(empty);
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->drain();
}

std::span<const std::uint8_t> TcpFrontEnd::take_gathered() {
  return std::span<const std::uint8_t>(output_).first(std::exchange(gathered_, 0));
}

void TcpFrontEnd::closed(const std::shared_ptr<TcpConnection>& connection) {
  if (connections_.erase(connection) == 0) return;
  counters_.tcp_open.add(-1);
  if (connections_.empty() && empty_) empty_();
}

}  // namespace meridian::server
