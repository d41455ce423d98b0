#include "ledger/kube_replica.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <utility>

#include "kube/backoff.hpp"
#include "kube/readable.hpp"
#include "ledger/kube_follower.hpp"
#include "ledger/kube_writer.hpp"
#include "ledger/turns.hpp"

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;

// Shared with the coroutines of calls that are under way.
class State final : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& loop, ReplicaParts parts)
      : loop_(loop),
        parts_(std::move(parts)),
        turns_(loop),
        follower_(loop, parts_.name, parts_.mirror,
                  {[this](int number) { read(number); }, [this] { ready_.cancel(); }}),
        ready_(loop),
        pause_(loop),
        reread_(loop) {}

  void start();
  void stop();
  void follow(std::function<void(News)> sink);
  asio::awaitable<std::vector<vip::Record>> load(std::shared_ptr<State> self);
  asio::awaitable<void> commit(std::shared_ptr<State> self, std::vector<vip::Change> changes, std::uint64_t term);
  asio::awaitable<void> close(std::shared_ptr<State> self);

  bool shares() const { return parts_.per_entry || follower_.view().per_entry(); }
  bool writable() const { return leader_ && parts_.role->held(); }
  std::string trouble() const;
  std::uint64_t term() const { return term_; }
  std::uint64_t conflicts() const { return conflicts_; }
  const ReplicaParts& parts() const { return parts_; }

 private:
  bool readable() const { return follower_.listed() || leader_; }
  void role_changed();
  asio::awaitable<void> lead(std::shared_ptr<State> self);
  asio::awaitable<bool> take_over();
  ShardWriter::Office office();
  asio::awaitable<Recalled> recall();
  void take_office();
  void step_down(const std::string& why);
  void read(int number);
  asio::awaitable<void> keep_reading(std::shared_ptr<State> self);
  asio::awaitable<bool> read_one();

  asio::io_context& loop_;
  ReplicaParts parts_;
  Turns turns_;  // of all that writes, or reads behind a write
  ShardFollower follower_;
  std::unique_ptr<ShardWriter> writer_;  // changed in a turn only
  std::set<int> to_read_;
  asio::steady_timer ready_;       // while load() waits
  asio::steady_timer pause_;       // while lead() waits
  asio::steady_timer reread_;      // while keep_reading() waits
  bool deposed_ = false;           // by another's epoch, and not by the end of the Lease
  std::string trouble_;            // of taking over
  std::string unread_;             // why a shard that changed could not be read, or written again
  std::uint64_t term_ = 0;         // grows whenever the right to write comes or goes
  std::uint64_t loaded_term_ = 0;  // the term whose records were load()ed
  std::uint64_t conflicts_ = 0;
  bool started_ = false, stopped_ = false, closed_ = false;
  bool leader_ = false;    // the shards are ours
  bool leading_ = false;   // lead() runs
  bool reading_ = false;   // keep_reading() runs
  bool recalled_ = false;  // load() has asked the mirror
};

void State::start() {
  if (std::exchange(started_, true) || stopped_) return;
  parts_.role->start([this] { role_changed(); });
  parts_.feed->start(follower_);
}

void State::stop() {
  stopped_ = true;
  parts_.role->stop();
  parts_.feed->stop();
  follower_.news().stop();
  ready_.cancel();
  pause_.cancel();
  reread_.cancel();
}

void State::follow(std::function<void(News)> sink) {
  follower_.news().sink(std::move(sink));
  start();
}

std::string State::trouble() const {
  if (auto feed = parts_.feed->trouble(); !feed.empty()) return feed;
  if (auto role = parts_.role->trouble(); !role.empty()) return role;
  return trouble_.empty() ? unread_ : trouble_;
}

asio::awaitable<std::vector<vip::Record>> State::load(std::shared_ptr<State> /*self*/) {
  start();
  if (leader_ && !parts_.role->held()) step_down("the Lease was lost");
  const auto term = term_;
  if (!readable() && !recalled_ && !stopped_ && parts_.feed->trouble().empty()) {
    ready_.expires_after(parts_.patience);
    boost::system::error_code woken;
    co_await ready_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (stopped_) throw Unavailable("we are shutting down");
  if (!readable() && !recalled_) {
    const auto recalled = co_await follower_.recall();  // throws: there is nothing to load
    recalled_ = true;
    if (!readable() && !stopped_) {
      follower_.remember(recalled);
      spdlog::warn("ledger: {} can't be read yet; {} VIPs of its local copy are answered, new ones wait",
                   parts_.describe(), recalled.records.size());
    }
  }
  loaded_term_ = term_;
  follower_.news().loaded();
  if (term != term_) follower_.news().reload();  // the caller may think that it is as it was when it called
  co_return follower_.view().records();
}

void State::read(int number) {
  to_read_.insert(number);
  if (stopped_ || std::exchange(reading_, true)) return;
  asio::co_spawn(loop_, keep_reading(shared_from_this()), asio::detached);
}

asio::awaitable<void> State::keep_reading(std::shared_ptr<State> /*self*/) {
  kube::Backoff backoff(parts_.first_pause, parts_.longest_pause);
  while (!to_read_.empty() && !stopped_ && !closed_) {
    if (co_await read_one()) {
      backoff.reset();
      continue;
    }
    if (stopped_ || closed_) break;
    reread_.expires_after(backoff.next());
    boost::system::error_code woken;
    co_await reread_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  reading_ = false;
}

asio::awaitable<bool> State::read_one() {
  const auto turn = co_await turns_.take();
  if (stopped_ || to_read_.empty()) co_return true;
  const int number = *to_read_.begin();
  to_read_.erase(number);
  if (follower_.in_step(number)) co_return true;  // the echo of a write that came before its answer
  try {
    if (leader_) {
      co_await writer_->look_after(number);
      // Somebody's edit may have left it as we want it.
      const auto* known = follower_.view().find(number);
      const auto& now = writer_->seen().at(number);
      if (!known || known->version != now.version) follower_.read(now);
    } else if (auto shard = co_await parts_.store->get(number)) {
      follower_.read(std::move(*shard));
    } else {
      follower_.gone(number);
    }
  } catch (const Deposed& e) {
    step_down(e.what());
    to_read_.insert(number);
  } catch (const std::exception& e) {  // whatever it is, it is tried again
    if (!stopped_ && unread_ != e.what())
      spdlog::warn("ledger: configmap {}/{} is to be looked at: {}", parts_.name.space, shard_name(parts_.name, number),
                   e.what());
    unread_ = e.what();
    to_read_.insert(number);
    co_return false;
  }
  unread_.clear();
  co_return true;
}

void State::role_changed() {
  if (stopped_ || closed_) return;
  const bool held = parts_.role->held();
  if (leader_ && !held) step_down("the Lease was lost");
  if (!held || leader_ || std::exchange(leading_, true)) return;
  asio::co_spawn(loop_, lead(shared_from_this()), asio::detached);
}

asio::awaitable<void> State::lead(std::shared_ptr<State> /*self*/) {
  kube::Backoff backoff(parts_.first_pause, parts_.longest_pause);
  while (!stopped_ && !closed_ && !leader_ && parts_.role->held()) {
    const bool deposed = std::exchange(deposed_, false);
    if (!deposed && co_await take_over()) break;
    if (stopped_ || closed_) break;
    pause_.expires_after(deposed ? parts_.deposed_pause : backoff.next());
    boost::system::error_code woken;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  leading_ = false;
}

asio::awaitable<bool> State::take_over() {
  const auto turn = co_await turns_.take();
  if (stopped_ || closed_ || !parts_.role->held()) co_return false;
  const auto floor = std::max(follower_.view().newest_epoch(), writer_ ? writer_->epoch() : 0);
  writer_ = std::make_unique<ShardWriter>(*parts_.store, parts_.name, office(), parts_.shard_octets);
  try {
    co_await writer_->take_over(follower_.view(), floor);
  } catch (const std::exception& e) {  // whatever it is, it is tried again
    if (!stopped_ && trouble_ != e.what())
      spdlog::warn("ledger: {} can't be taken over yet: {}", parts_.describe(), e.what());
    trouble_ = e.what();
    co_return false;
  }
  if (stopped_ || closed_ || !parts_.role->held()) co_return false;
  take_office();
  co_return true;
}

ShardWriter::Office State::office() {
  ShardWriter::Office office;
  office.identity = parts_.identity;
  office.held = [this] { return parts_.role->held(); };
  office.stopped = [this] { return stopped_ || (closed_ && !leader_); };
  office.wrote = [this](const Shard& shard) { follower_.wrote(shard); };
  office.recall = [this] { return recall(); };
  office.per_entry = parts_.per_entry;
  return office;
}

asio::awaitable<Recalled> State::recall() {
  try {
    co_return co_await follower_.recall();
  } catch (const Unavailable& e) {
    spdlog::info("ledger: nothing is known from an earlier run: {}", e.what());
  }
  co_return Recalled();
}

void State::take_office() {
  leader_ = true;
  ++term_;
  ready_.cancel();
  trouble_.clear();
  for (const auto& conflict : writer_->conflicts()) {
    ++conflicts_;
    spdlog::error("ledger: {}", conflict);
  }
  if (writer_->seeded() > 0)
    spdlog::error("ledger: shards of {} were missing; {} VIPs are written again from what this process knows",
                  parts_.describe(), writer_->seeded());
  spdlog::info("ledger: {} is ours to write, epoch {}", parts_.describe(), writer_->epoch());
  follower_.take_office(writer_->seen());
}

// The records stay as we know them, and are answered.
void State::step_down(const std::string& why) {
  if (!std::exchange(leader_, false)) return;
  ++term_;
  if (!stopped_) spdlog::warn("ledger: {} is not ours to write any more: {}", parts_.describe(), why);
  follower_.leave_office();
  deposed_ = parts_.role->held();
  role_changed();
}

asio::awaitable<void> State::commit(std::shared_ptr<State> /*self*/, std::vector<vip::Change> changes,
                                    std::uint64_t term) {
  const auto turn = co_await turns_.take();
  if (stopped_) throw Unavailable("we are shutting down");
  const auto refuse = [this](const std::string& why) {
    throw Unavailable(parts_.describe() + " can't be written: " + why);
  };
  if (closed_) refuse("it was closed");
  if (leader_ && !parts_.role->held()) step_down("the Lease was lost");
  const auto holder = parts_.role->holder();
  if (!leader_)
    refuse(holder.empty() ? "nobody holds its Lease yet" : "its Lease is held by " + kube::readable(holder));
  if (term != term_ || loaded_term_ != term_)
    refuse("another process may have written it; its records are to be loaded");
  try {
    co_await writer_->commit(changes);
  } catch (const Deposed& e) {
    step_down(e.what());
    throw;
  } catch (const Unavailable&) {
    if (!parts_.role->held()) step_down("the Lease was lost");
    throw;
  }
  if (!leader_ || term != term_) throw Unavailable("the right to write the ledger went while it was written");
}

asio::awaitable<void> State::close(std::shared_ptr<State> /*self*/) {
  closed_ = true;
  pause_.cancel();
  reread_.cancel();
  try {
    {
      const auto turn = co_await turns_.take();
      leader_ = false;
      ++term_;
    }
    if (started_ && !stopped_) co_await parts_.role->release();
    parts_.feed->stop();
    co_await parts_.mirror->written();
  } catch (const std::exception& e) {
    spdlog::warn("ledger: {} was not closed well: {}", parts_.describe(), e.what());
  }
  stop();
}

class Replica final : public Ledger {
 public:
  Replica(asio::io_context& loop, ReplicaParts parts) : state_(std::make_shared<State>(loop, std::move(parts))) {}
  ~Replica() override { state_->stop(); }

  asio::awaitable<std::vector<vip::Record>> load() override { return state_->load(state_); }
  asio::awaitable<void> commit(std::vector<vip::Change> changes) override {
    return state_->commit(state_, std::move(changes), state_->term());
  }
  std::string describe() const override { return state_->parts().describe(); }
  bool shares() const override { return state_->shares(); }
  bool writable() const override { return state_->writable(); }
  void follow(std::function<void(News)> sink) override { state_->follow(std::move(sink)); }
  std::string writer() const override { return state_->parts().role->holder(); }
  std::string trouble() const override { return state_->trouble(); }
  std::uint64_t conflicts() const override { return state_->conflicts(); }
  asio::awaitable<void> close() override { return state_->close(state_); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Ledger> make_replica(asio::io_context& loop, ReplicaParts parts) {
  return std::make_unique<Replica>(loop, std::move(parts));
}

}  // namespace meridian::ledger
