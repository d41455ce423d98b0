#include "server/udp_listener.hpp"

#include <boost/asio/post.hpp>

#include "server/sockets.hpp"

namespace meridian::server {

namespace asio = boost::asio;

namespace {

constexpr int kBatchesPerTurn = 8;

}  // namespace

// A client whose answer comes later.
class UdpListener::Waiting final : public Responder::Pending {
 public:
  Waiting(UdpListener& listener, const Exchange& exchange, const UdpRoute& route)
      : Pending(listener.responder_, exchange), listener_(listener), route_(route) {}

 private:
  void send(std::span<const std::uint8_t> reply) override { listener_.send_later(route_, reply); }

  UdpListener& listener_;
  const UdpRoute route_;
};

UdpListener::UdpListener(asio::io_context& loop, Descriptor socket, UdpBatch& batch, Responder& responder,
                         stats::WorkerCounters& counters)
    : loop_(loop),
      socket_(loop),
      batch_(batch),
      responder_(responder),
      counters_(counters),
      outbox_(socket.get(), counters.udp_send_errors),
      wildcard_(local_endpoint(socket.get()).address.is_unspecified()) {
  socket_.assign(socket.get());
  socket.release();
}

void UdpListener::wait_readable() {
  socket_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (!error) drain();
  });
}

void UdpListener::drain() {
  for (int i = 0; i < kBatchesPerTurn; ++i)
    if (answer_batch() < UdpBatch::kCapacity) return wait_readable();
  asio::post(loop_, [this] { drain(); });  // more to read: let adoptions and timers in first
}

void UdpListener::answer_arrived() {
  for (int i = 0; i < kBatchesPerTurn; ++i)
    if (answer_batch() < UdpBatch::kCapacity) break;
  outbox_.flush();
}

std::size_t UdpListener::answer_batch() {
  const auto count = batch_.receive(socket_.native_handle(), wildcard_);
  for (std::size_t i = 0; i < count; ++i) answer(i);
  if (const auto failed = batch_.send(socket_.native_handle())) counters_.udp_send_errors.add(failed);
  return count;
}

void UdpListener::answer(std::size_t i) {
  Exchange exchange{batch_.from(i), false};
  const auto outcome = responder_.answer(batch_.packet(i), exchange, batch_.room());
  switch (outcome.action) {
    case query::Outcome::Action::Drop:
      break;
    case query::Outcome::Action::Reply:
      batch_.reply(i, outcome.size);
      break;
    case query::Outcome::Action::Forward:
      responder_.forward(std::make_unique<Waiting>(*this, exchange, batch_.route(i)));
      break;
  }
}

// Answers of upstreams come many at a time too: all that are handled before the loop gets to what is posted here leave
// together.
void UdpListener::send_later(const UdpRoute& route, std::span<const std::uint8_t> reply) {
  if (outbox_.empty()) asio::post(loop_, [this] { outbox_.flush(); });
  outbox_.put(route, reply);
}

}  // namespace meridian::server
