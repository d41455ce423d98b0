#include "server/tcp_connection.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <cerrno>

namespace meridian::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kLength = 2;  // RFC 1035, 4.2.2

std::size_t length_of(std::span<const std::uint8_t> octets) {
  return std::size_t{octets[0]} << 8 | octets[1];
}

bool would_block() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

TcpConnection::TcpConnection(TcpFrontEnd& front, Descriptor socket, const sockaddr_storage& peer)
    : front_(front), socket_(front.loop()), timer_(front.loop()), peer_(peer) {
  socket_.assign(socket.get());
  socket.release();
}

void TcpConnection::start(TcpAdmission::SlotPtr slot) {
  slot_ = std::move(slot);
  last_active_ = Clock::now();
  timer_.expires_at(deadline(last_active_));
  watch_clock();
  wait_readable();
}

void TcpConnection::drain() {
  if (closed_ || read_closed_) return;
  const auto self = shared_from_this();
  read();
  read_closed_ = true;
  proceed();
}

void TcpConnection::evict() {
  if (closed_) return;
  front_.counters().tcp_evicted.add();
  drain();
}

void TcpConnection::close() {
  if (closed_) return;
  closed_ = true;
  boost::system::error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  front_.admission().release(slot_);
  front_.closed(shared_from_this());
}

// ---- Reading -------------------------------------------------------------------------------------------------------

void TcpConnection::wait_readable() {
  if (waiting_readable_) return;
  waiting_readable_ = true;
  socket_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_readable_ = false;
                       if (error || self->closed_ || self->read_closed_) return;
                       self->read();
                       self->proceed();
                     });
}

void TcpConnection::read() {
  if (closed_ || paused()) return;
  const auto buffer = front_.input();
  const auto count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) {
    if (!would_block()) close();
    return;
  }
  if (count == 0) {  // half a close: what was asked is still answered (RFC 7766, 6.2.3)
    read_closed_ = true;
    return;
  }
  const auto octets = buffer.first(static_cast<std::size_t>(count));
  const auto now = Clock::now();
  std::size_t taken = 0;
  if (unread_.empty()) {  // the usual case: whole messages, answered from where they were read to
    message_began_ = now;
    taken = take(octets);
    if (closed_) return;
    unread_.assign(octets.begin() + static_cast<std::ptrdiff_t>(taken), octets.end());
  } else {
    unread_.insert(unread_.end(), octets.begin(), octets.end());
    take_unread();
  }
}

void TcpConnection::take_unread() {
  const auto taken = take(std::span<const std::uint8_t>(unread_).subspan(unread_at_));
  unread_at_ += taken;
  if (unread_at_ == unread_.size()) {
    unread_ = {};  // and its memory
    unread_at_ = 0;
  } else if (!paused()) {  // only part of a message is left
    unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(unread_at_));
    unread_at_ = 0;
  }
}

// Answers the whole messages at the front of `octets`, as long as we may; returns the octets taken.
std::size_t TcpConnection::take(std::span<const std::uint8_t> octets) {
  std::size_t at = 0;
  while (!closed_ && !paused() && octets.size() - at >= kLength) {
    const auto length = length_of(octets.subspan(at));
    if (octets.size() - at - kLength < length) break;
    answer(octets.subspan(at + kLength, length));
    at += kLength + length;
  }
  if (at > 0) message_began_ = last_active_ = Clock::now();
  return at;
}

// A question whose answer comes later; holds the connection.
class TcpConnection::Waiting final : public Responder::Pending {
 public:
  Waiting(std::shared_ptr<TcpConnection> connection, const Exchange& exchange)
      : Pending(connection->front_.responder(), exchange), connection_(std::move(connection)) {}

 private:
  void send(std::span<const std::uint8_t> reply) override { connection_->send_later(reply); }

  const std::shared_ptr<TcpConnection> connection_;
};

void TcpConnection::send_later(std::span<const std::uint8_t> reply) {
  --in_flight_;
  if (closed_) return;
  std::copy(reply.begin(), reply.end(), front_.room().begin() + kLength);
  gather(reply.size());
  last_active_ = Clock::now();
  proceed();
}

void TcpConnection::answer(std::span<const std::uint8_t> message) {
  Exchange exchange{peer_, true};
  const auto outcome = front_.responder().answer(message, exchange, front_.room().subspan(kLength, dns::kMaxMessage));
  switch (outcome.action) {
    case query::Outcome::Action::Drop:  // no message, or a response: the connection survives it
      break;
    case query::Outcome::Action::Reply:
      gather(outcome.size);
      break;
    case query::Outcome::Action::Forward:
      ++in_flight_;
      front_.responder().forward(std::make_unique<Waiting>(shared_from_this(), exchange));
      break;
  }
}

bool TcpConnection::paused() const {
  return in_flight_ >= front_.limits().tcp_in_flight || unsent() >= TcpFrontEnd::kHighWater;
}

// ---- Writing -------------------------------------------------------------------------------------------------------

// A reply of `size` octets stands in the front end's room, behind the two for its length.
void TcpConnection::gather(std::size_t size) {
  const auto room = front_.room();
  room[0] = static_cast<std::uint8_t>(size >> 8);
  room[1] = static_cast<std::uint8_t>(size);
  front_.gather(kLength + size);
  if (front_.gathered() >= TcpFrontEnd::kHighWater) write_gathered();
}

void TcpConnection::write_gathered() {
  auto octets = front_.take_gathered();
  if (closed_ || octets.empty()) return;
  if (unsent() == 0) {
    const auto count = ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && !would_block()) return close();
    if (count > 0) octets = octets.subspan(static_cast<std::size_t>(count));
    if (octets.empty()) return;
    last_write_ = Clock::now();
    wait_writable();
  }
  unsent_.insert(unsent_.end(), octets.begin(), octets.end());
}

void TcpConnection::wait_writable() {
  socket_.async_wait(asio::posix::descriptor_base::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && !self->closed_) self->write_unsent();
                     });
}

void TcpConnection::write_unsent() {
  const auto count =
      ::send(socket_.native_handle(), unsent_.data() + unsent_at_, unsent(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && !would_block()) return close();
  if (count > 0) {
    unsent_at_ += static_cast<std::size_t>(count);
    last_write_ = last_active_ = Clock::now();
  }
  if (unsent() > 0) return wait_writable();
  unsent_ = {};  // and its memory
  unsent_at_ = 0;
  proceed();
}

// ---- What comes next -----------------------------------------------------------------------------------------------

// The end of every event: takes what had to wait, writes what was gathered, and reads on or ends.
void TcpConnection::proceed() {
  if (!closed_ && !unread_.empty()) take_unread();
  write_gathered();
  if (closed_) return;
  const bool owed = in_flight_ > 0 || unsent() > 0;
  slot_->touch(last_active_, owed);
  if (read_closed_ && !owed) return close();
  if (!read_closed_ && !paused()) wait_readable();
}

// One timer, set again only when it fires: events move the deadline, never the timer, so a query costs none.
void TcpConnection::watch_clock() {
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_) return;
    const auto now = Clock::now();
    const auto deadline = self->deadline(now);
    if (deadline <= now) {
      self->front_.counters().tcp_timeouts.add();
      return self->close();
    }
    self->timer_.expires_at(deadline);
    self->watch_clock();
  });
}

// A message counts from its first octet, however fast the others trickle in; replies, from when the client last took
// some. Whoever waits for the forwarder waits no longer than that does.
TcpConnection::Clock::time_point TcpConnection::deadline(Clock::time_point now) const {
  const auto idle = front_.limits().tcp_idle;
  auto since = in_flight_ > 0 ? now : last_active_;
  if (unsent() > 0) since = std::min(now, last_write_);
  if (!unread_.empty() && !paused()) since = std::min(since, message_began_);
  return since + idle;
}

}  // namespace meridian::server
