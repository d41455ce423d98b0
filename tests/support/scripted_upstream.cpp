#include "support/scripted_upstream.hpp"

#include <array>
#include <boost/asio.hpp>
#include <mutex>
#include <thread>
#include <utility>

namespace meridian::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

struct ScriptedUpstream::Impl {
  Impl(Udp u, Tcp t, std::uint16_t port)
      : on_udp(std::move(u)),
        on_tcp(std::move(t)),
        socket(loop, {asio::ip::address_v4::loopback(), port}),
        acceptor(loop) {
    if (on_tcp) {
      acceptor.open(tcp::v4());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      bind_acceptor(port == 0);
      acceptor.listen();
      accept();
    }
    receive();
    thread = std::thread([this] { loop.run(); });
  }

  ~Impl() {
    loop.stop();
    thread.join();
  }

  // A port that the kernel chose for UDP may be taken over TCP: then another, for both.
  void bind_acceptor(bool any_port) {
    for (;;) {
      boost::system::error_code taken;
      acceptor.bind({asio::ip::address_v4::loopback(), socket.local_endpoint().port()}, taken);
      if (!taken) return;
      if (!any_port) throw boost::system::system_error(taken, "the scripted upstream's port over TCP");
      socket = udp::socket(loop, {asio::ip::address_v4::loopback(), 0});
    }
  }

  void receive() {
    socket.async_receive_from(asio::buffer(buffer), peer, [this](boost::system::error_code error, std::size_t size) {
      if (!error) {
        const Octets query(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
        {
          const std::lock_guard lock(mutex);
          seen.push_back(query);
          from.push_back(peer.port());
        }
        for (auto& step : on_udp(query, udp_count++)) send_later(std::move(step), peer);
      }
      receive();
    });
  }

  void send_later(Step step, const udp::endpoint& to) {
    auto timer = std::make_shared<asio::steady_timer>(loop, step.after);
    timer->async_wait([this, timer, octets = std::move(step.octets), to](boost::system::error_code) {
      boost::system::error_code ignored;
      socket.send_to(asio::buffer(octets), to, 0, ignored);
    });
  }

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket connection) {
      if (!error) answer(std::move(connection));
      accept();
    });
  }

  // Blocking, one connection at a time: enough for a script.
  void answer(tcp::socket connection) {
    boost::system::error_code error;
    std::array<std::uint8_t, 2> length;
    asio::read(connection, asio::buffer(length), error);
    Octets query(static_cast<std::size_t>(length[0] << 8 | length[1]));
    if (!error) asio::read(connection, asio::buffer(query), error);
    if (error) return;
    asio::write(connection, asio::buffer(on_tcp(query, tcp_count++)), error);
  }

  const Udp on_udp;
  const Tcp on_tcp;
  asio::io_context loop;
  udp::socket socket;
  tcp::acceptor acceptor;
  udp::endpoint peer;
  std::array<std::uint8_t, 65536> buffer;
  std::atomic<unsigned> udp_count{0}, tcp_count{0};
  mutable std::mutex mutex;  // of what the test's thread reads
  std::vector<Octets> seen;
  std::vector<std::uint16_t> from;
  std::thread thread;
};

ScriptedUpstream::ScriptedUpstream(Udp udp, Tcp tcp, std::uint16_t port)
    : impl_(std::make_unique<Impl>(std::move(udp), std::move(tcp), port)) {}
ScriptedUpstream::~ScriptedUpstream() = default;

config::Endpoint ScriptedUpstream::endpoint() const {
  return {asio::ip::address_v4::loopback(), impl_->socket.local_endpoint().port()};
}
unsigned ScriptedUpstream::asked() const {
  return impl_->udp_count;
}
unsigned ScriptedUpstream::asked_over_tcp() const {
  return impl_->tcp_count;
}

std::vector<Octets> ScriptedUpstream::queries() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->seen;
}

std::vector<std::uint16_t> ScriptedUpstream::ports() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->from;
}

config::Endpoint closed_port() {
  asio::io_context loop;
  const udp::socket socket(loop, {asio::ip::address_v4::loopback(), 0});
  return {asio::ip::address_v4::loopback(), socket.local_endpoint().port()};
}

namespace replies {

namespace {

std::size_t question_end(const Octets& query) {
  std::size_t at = kQuestionAt;
  while (query[at] != 0) at += query[at] + 1u;
  return at + 5;
}

}  // namespace

Octets header(const Octets& query, unsigned rcode) {
  Octets reply(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(question_end(query)));
  reply[2] |= 0x80;
  reply[3] = static_cast<std::uint8_t>(0x80 | rcode);
  for (std::size_t count = 6; count < kQuestionAt; ++count) reply[count] = 0;
  return reply;
}

Octets address(const Octets& query, std::uint8_t last) {
  auto reply = header(query, 0);
  reply[7] = 1;
  const Octets record = {0xc0, kQuestionAt, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last};
  reply.insert(reply.end(), record.begin(), record.end());
  return reply;
}

Octets addresses(const Octets& query, unsigned count) {
  auto reply = header(query, 0);
  reply[6] = static_cast<std::uint8_t>(count >> 8);
  reply[7] = static_cast<std::uint8_t>(count & 0xff);
  for (unsigned i = 0; i < count; ++i) {
    const Octets record = {0xc0,
                           kQuestionAt,
                           0,
                           1,
                           0,
                           1,
                           0,
                           0,
                           0,
                           60,
                           0,
                           4,
                           198,
                           51,
                           static_cast<std::uint8_t>(i >> 8),
                           static_cast<std::uint8_t>(i & 0xff)};
    reply.insert(reply.end(), record.begin(), record.end());
  }
  return reply;
}

Octets truncated(const Octets& query) {
  auto reply = header(query, 0);
  reply[2] |= 0x02;
  return reply;
}

Octets with_length(const Octets& message) {
  Octets stream = {static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size() & 0xff)};
  stream.insert(stream.end(), message.begin(), message.end());
  return stream;
}

bool has_edns(const Octets& query) {
  return query[11] != 0;
}

}  // namespace replies

}  // namespace meridian::test
