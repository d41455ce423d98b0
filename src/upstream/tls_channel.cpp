#include "upstream/tls_channel.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>

#include <meridian/dns/types.hpp>

#include "upstream/padding.hpp"
#include "upstream/tls_connection.hpp"

namespace meridian::upstream {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Octets = std::vector<std::uint8_t>;

}  // namespace

class TlsChannel::Core : public std::enable_shared_from_this<Core>, public TlsConnection::Owner {
 public:
  Core(boost::asio::io_context& loop, const config::Forward::Server& server, milliseconds patience, Entropy& entropy,
       stats::WorkerCounters& counters, TlsClient& tls, milliseconds idle)
      : loop_(loop),
        timer_(loop),
        server_(server),
        name_(server.to_text()),
        patience_(patience),
        idle_(idle),
        entropy_(entropy),
        counters_(counters),
        tls_(tls) {}

  void close() {
    closed_ = true;
    timer_.cancel();
    if (connection_) std::exchange(connection_, nullptr)->close();
    waiting_.clear();
  }

  std::uint16_t send(Octets& query, std::shared_ptr<Listener> listener) {
    const auto now = Clock::now();
    if (waiting_.size() >= kMostInFlight || (connection_ && connection_->queued() >= kMostQueued))
      return fail_later(std::move(listener), Failure::Busy);
    if (!connection_) {
      if (now < connect_after_) return fail_later(std::move(listener), Failure::Unreachable);
      if (const auto failure = connect(now)) return fail_later(std::move(listener), *failure);
    }
    std::uint16_t id = entropy_.u16();
    while (waiting_.contains(id)) id = entropy_.u16();
    query[0] = static_cast<std::uint8_t>(id >> 8);
    query[1] = static_cast<std::uint8_t>(id & 0xff);
    waiting_[id] = {std::move(listener), now};
    padded_ = query;
    pad_query(padded_);
    connection_->send(padded_);
    wake_by(now + patience_ / 2);
    return id;
  }

  std::size_t in_flight() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::shared_ptr<Listener> listener;
    Clock::time_point sent;
  };

  std::optional<Failure> connect(Clock::time_point now) {
    auto context = tls_.context();
    if (!context) return Failure::Unreachable;     // a reload took TLS away, and this is a question from before
    if (context != session_of_) session_.reset();  // of those who were trusted before
    session_of_ = context;
    try {
      connection_ = TlsConnection::open(loop_, server_, std::move(context), std::move(session_), weak_from_this());
    } catch (const std::exception&) {
      return Failure::Busy;  // OpenSSL has no memory
    }
    counters_.upstream_connections.add();
    connecting_since_ = heard_ = now;
    served_ = false;
    return std::nullopt;
  }

  // TlsConnection::Owner

  void received(std::span<const std::uint8_t> message) override {
    heard_ = Clock::now();
    if (message.size() < dns::kHeaderSize) return;
    const auto found = waiting_.find(static_cast<std::uint16_t>(message[0] << 8 | message[1]));
    if (found == waiting_.end()) return counters_.upstream_strays.add();  // too late
    const auto listener = std::move(found->second.listener);
    waiting_.erase(found);
    if (waiting_.empty()) idle_since_ = heard_;
    if (!listener->believes(message)) return listener->failed(Failure::Rejected);
    if (!std::exchange(served_, true)) {
      pause_ = kFirstPause;
      if (tls_.is_news(name_, "")) spdlog::info("upstream {}: answers over TLS again", name_);
    }
    listener->replied(Octets(message.begin(), message.end()));
  }

  void ended(const std::string& why, bool starved) override {
    session_ = connection_->take_session();
    connection_ = nullptr;
    if (!served_) {
      connect_after_ = Clock::now() + pause_;
      pause_ = std::min(2 * pause_, kLongestPause);
      if (!starved && tls_.is_news(name_, why)) spdlog::warn("upstream {}: {}", name_, why);
    }
    auto waiting = std::exchange(waiting_, {});
    for (auto& [id, each] : waiting) {
      if (closed_) return;
      each.listener->failed(starved ? Failure::Busy : Failure::Unreachable);
    }
  }

  // Never from inside send(). No id: nothing was sent.
  std::uint16_t fail_later(std::shared_ptr<Listener> listener, Failure failure) {
    boost::asio::post(loop_, [weak = weak_from_this(), listener = std::move(listener), failure] {
      const auto self = weak.lock();
      if (self && !self->closed_) listener->failed(failure);
    });
    return 0;
  }

  // One timer for all that takes too long. While questions are in flight it looks twice in the time that one may take;
  // when the connection idles, once at the end; without a connection it stands still.
  void wake_by(Clock::time_point when) {
    if (wakes_at_ && *wakes_at_ <= when) return;
    wakes_at_ = when;
    timer_.expires_at(when);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self && !self->closed_) self->look_at_the_clock();
    });
  }

  void look_at_the_clock() {
    wakes_at_.reset();
    const auto now = Clock::now();
    if (connection_ && !connection_->is_open() && now - connecting_since_ >= patience_) give_up_connection();
    if (closed_) return;
    expire_questions(now);
    if (closed_ || !connection_) return;
    if (!waiting_.empty()) return wake_by(now + patience_ / 2);
    if (now < idle_since_ + idle_) return wake_by(idle_since_ + idle_);
    connection_->close();
    session_ = std::exchange(connection_, nullptr)->take_session();
  }

  void expire_questions(Clock::time_point now) {
    std::vector<std::shared_ptr<Listener>> late;
    bool silent = false;  // nothing at all came since one of them was sent
    for (auto each = waiting_.begin(); each != waiting_.end();) {
      if (now - each->second.sent < patience_) {
        ++each;
        continue;
      }
      silent = silent || heard_ <= each->second.sent;
      late.push_back(std::move(each->second.listener));
      each = waiting_.erase(each);
    }
    if (late.empty()) return;
    if (waiting_.empty()) idle_since_ = now;
    const auto connection = connection_;
    for (const auto& listener : late) {
      listener->failed(Failure::TimedOut);
      if (closed_) return;
    }
    if (silent && connection_ && connection_ == connection) give_up_connection();
  }

  void give_up_connection() {
    const auto why = connection_->waits_for();
    connection_->close();
    ended(why, false);
  }

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  const config::Forward::Server server_;
  const std::string name_;
  const milliseconds patience_, idle_;
  Entropy& entropy_;
  stats::WorkerCounters& counters_;
  TlsClient& tls_;
  std::unordered_map<std::uint16_t, Waiting> waiting_;  // by id
  Octets padded_;                                       // the query that leaves
  std::shared_ptr<TlsConnection> connection_;           // null: none, the next question opens one
  TlsSession session_;                                  // of the last one; belongs to session_of_
  TlsClient::Context session_of_;
  bool served_ = false;  // the connection has answered
  bool closed_ = false;
  milliseconds pause_ = kFirstPause;
  std::optional<Clock::time_point> wakes_at_;
  Clock::time_point connect_after_{}, connecting_since_{}, idle_since_{};
  Clock::time_point heard_{};  // when something came in
};

TlsChannel::TlsChannel(boost::asio::io_context& loop, const config::Forward::Server& server, milliseconds patience,
                       Entropy& entropy, stats::WorkerCounters& counters, TlsClient& tls, milliseconds idle)
    : core_(std::make_shared<Core>(loop, server, patience, entropy, counters, tls, idle)) {}

TlsChannel::~TlsChannel() {
  core_->close();
}

std::uint16_t TlsChannel::send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) {
  return core_->send(query, std::move(listener));
}

std::size_t TlsChannel::in_flight() const {
  return core_->in_flight();
}

}  // namespace meridian::upstream
