#pragma once
// A cluster on the bench: the shards of one ledger in memory, and replicas whose requests wait until the test lets
// them land, cuts them before or behind that, or lets them land when nobody waits any more. Nothing happens by itself.

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/kube_replica.hpp"

namespace meridian::ledger::bench {

namespace asio = boost::asio;
inline const LedgerName kName{"istio-system", "meridian"};

// What the API server holds.
class Cluster {
 public:
  std::map<int, Shard> shards;
  std::function<void(const ShardWrite&)> landed = [](const ShardWrite&) {};  // after each write that took effect

  std::map<int, Shard> listed() const {
    auto all = shards;
    std::erase_if(all, [](const auto& shard) { return !shard.second.labelled; });
    return all;
  }
  std::optional<Shard> get(int number) const {
    const auto found = shards.find(number);
    return found == shards.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Shard> create(const ShardWrite& write) {
    if (shards.contains(write.number)) return std::nullopt;
    shards[write.number].number = write.number;
    return put(write);
  }
  std::optional<Shard> patch(const ShardWrite& write, const std::string& version) {
    const auto found = shards.find(write.number);
    if (found == shards.end() || found->second.version != version) return std::nullopt;
    return put(write);
  }
  // By hand: as `kubectl edit` and `kubectl delete` do it.
  void edit(int number, const std::function<void(Shard&)>& change) {
    change(shards.at(number));
    tell(number);
  }
  void remove(int number) {
    shards.erase(number);
    for (auto& watch : watches) watch->emplace_back(number, std::nullopt);
  }

  // The records that hold, by the rules of everybody.
  std::vector<vip::Record> records() const {
    ShardView view;
    view.put_all(shards);
    auto records = view.records();
    std::ranges::sort(records, {}, &vip::Record::address);
    return records;
  }

  using Event = std::pair<int, std::optional<Shard>>;
  std::list<std::deque<Event>*> watches;

 private:
  Shard put(const ShardWrite& write) {
    auto& shard = shards[write.number];
    shard.epoch = write.epoch;
    shard.holder = write.holder;
    shard.labelled = true;
    if (write.shards > 0) shard.shards = write.shards;
    if (write.per_entry) shard.per_entry = true;
    for (const auto& [key, value] : write.data) {
      std::erase_if(shard.damaged, [&](const auto& damage) { return damage.first == key; });
      std::erase_if(shard.lines, [&](const auto& line) { return key_of(line.first) == key; });
      if (!value) continue;
      const auto line = parse_line(key, *value);
      REQUIRE(line.has_value());
      shard.lines.insert_or_assign(line->record.address, *line);
    }
    tell(write.number);
    landed(write);
    return shard;
  }
  void tell(int number) {
    shards.at(number).version = std::to_string(++version_);
    for (auto& watch : watches) watch->emplace_back(number, shards.at(number));
  }
  int version_ = 0;
};

// One request of a replica, on its way.
struct Exchange {
  std::function<void()> land;
  std::shared_ptr<asio::steady_timer> bell;
  bool landed = false, cut = false;
};

// The network between one replica and the cluster, the Lease as it sees it, and its watch.
class Wire {
 public:
  Wire(asio::io_context& loop, Cluster& cluster) : loop_(loop), cluster_(cluster) {
    cluster_.watches.push_back(&events);
  }
  ~Wire() { cluster_.watches.remove(&events); }

  std::deque<std::shared_ptr<Exchange>> under_way;  // somebody waits for each
  std::vector<std::shared_ptr<Exchange>> adrift;    // nobody waits, and they have not landed
  std::deque<Cluster::Event> events;                // what the watch has yet to tell
  ShardFeed::Listener* listener = nullptr;
  std::function<void()> role_changed;
  bool held = false;
  bool strange = false;  // what is cut fails as nobody expects
  std::string holder;

  // The first request lands and is answered.
  void answer() {
    const auto exchange = under_way.front();
    if (!exchange->landed) exchange->land();
    finish(exchange);
  }
  // It lands; its answer is still on its way.
  void land() {
    const auto exchange = under_way.front();
    if (!std::exchange(exchange->landed, true)) exchange->land();
  }
  // No answer will come. What had not landed never does, or does when somebody calls land_adrift().
  void cut(bool lost) {
    const auto exchange = under_way.front();
    exchange->cut = true;
    if (!exchange->landed && !lost) adrift.push_back(exchange);
    finish(exchange);
  }
  void land_adrift() {
    const auto exchange = adrift.back();
    adrift.pop_back();
    exchange->land();
  }
  void set_held(bool now) {
    held = now;
    if (role_changed) asio::post(loop_, role_changed);
  }
  void tell_event() {
    const auto [number, shard] = std::move(events.front());
    events.pop_front();
    if (shard && listener->echoed(number, shard->version)) return;
    if (shard) {
      listener->changed(*shard);
    } else {
      listener->deleted(number);
    }
  }
  void relist() {
    events.clear();
    listener->listed(cluster_.listed());
  }

  template <class Result>
  asio::awaitable<Result> exchange(std::function<Result(Cluster&)> act) {
    const auto result = std::make_shared<Result>();
    const auto exchange = std::make_shared<Exchange>();
    exchange->land = [&cluster = cluster_, act = std::move(act), result] { *result = act(cluster); };
    exchange->bell = std::make_shared<asio::steady_timer>(loop_, asio::steady_timer::time_point::max());
    under_way.push_back(exchange);
    boost::system::error_code rung;
    co_await exchange->bell->async_wait(asio::redirect_error(asio::use_awaitable, rung));
    if (exchange->cut && strange) throw std::logic_error("cut");
    if (exchange->cut) throw Unavailable("cut");
    co_return std::move(*result);
  }

 private:
  void finish(const std::shared_ptr<Exchange>& exchange) {
    std::erase(under_way, exchange);
    exchange->bell->cancel();
  }
  asio::io_context& loop_;
  Cluster& cluster_;
};

struct WireStore final : ShardStore {
  explicit WireStore(std::shared_ptr<Wire> w) : line(std::move(w)), wire(*line) {}
  asio::awaitable<std::map<int, Shard>> list() override {
    return wire.exchange<std::map<int, Shard>>([](Cluster& c) { return c.listed(); });
  }
  asio::awaitable<std::optional<Shard>> get(int number) override {
    return wire.exchange<std::optional<Shard>>([=](Cluster& c) { return c.get(number); });
  }
  asio::awaitable<std::optional<Shard>> create(ShardWrite write) override {
    return wire.exchange<std::optional<Shard>>([=](Cluster& c) { return c.create(write); });
  }
  asio::awaitable<std::optional<Shard>> patch(ShardWrite write, std::string version) override {
    return wire.exchange<std::optional<Shard>>([=](Cluster& c) { return c.patch(write, version); });
  }
  std::shared_ptr<Wire> line;
  Wire& wire;
};

struct WireRole final : Role {
  explicit WireRole(std::shared_ptr<Wire> w) : line(std::move(w)), wire(*line) {}
  void start(std::function<void()> changed) override { wire.role_changed = std::move(changed); }
  bool held() const override { return wire.held; }
  std::string holder() const override { return wire.holder; }
  std::string trouble() const override { return {}; }
  asio::awaitable<void> release() override {
    wire.held = false;
    co_return;
  }
  void stop() override { wire.role_changed = nullptr; }
  std::shared_ptr<Wire> line;
  Wire& wire;
};

struct WireFeed final : ShardFeed {
  explicit WireFeed(std::shared_ptr<Wire> w) : line(std::move(w)), wire(*line) {}
  void start(Listener& listener) override { wire.listener = &listener; }
  std::string trouble() const override { return {}; }
  void stop() override { wire.listener = nullptr; }
  std::shared_ptr<Wire> line;
  Wire& wire;
};

// A ledger of our own, in memory: a mirror.
class MemoryLedger final : public Ledger {
 public:
  explicit MemoryLedger(std::shared_ptr<std::map<vip::Address, vip::Record>> records) : records_(std::move(records)) {}
  asio::awaitable<std::vector<vip::Record>> load() override {
    std::vector<vip::Record> all;
    for (const auto& [address, record] : *records_) all.push_back(record);
    co_return all;
  }
  asio::awaitable<void> commit(std::vector<vip::Change> changes) override {
    for (auto& change : changes) {
      if (change.erase) {
        records_->erase(change.record.address);
      } else {
        records_->insert_or_assign(change.record.address, change.record);
      }
    }
    co_return;
  }
  std::string describe() const override { return "memory"; }

 private:
  std::shared_ptr<std::map<vip::Address, vip::Record>> records_;
};

// One replica with its wire, and the loop that turns when the test says so.
struct Bench {
  Cluster cluster;
  asio::io_context loop;

  struct Replica {
    Replica(Bench& bench, std::string name, std::size_t shard_octets, bool per_entry)
        : identity(std::move(name)), line(std::make_shared<Wire>(bench.loop, bench.cluster)) {
      ReplicaParts parts;
      parts.store = std::make_unique<WireStore>(line);
      parts.role = std::make_unique<WireRole>(line);
      parts.feed = std::make_unique<WireFeed>(line);
      parts.mirror = std::make_shared<Mirror>(bench.loop, std::make_unique<MemoryLedger>(mirror));
      parts.name = kName;
      parts.identity = identity;
      parts.describe = [] { return std::string("the bench"); };
      parts.shard_octets = shard_octets;
      parts.per_entry = per_entry;
      parts.patience = parts.first_pause = parts.longest_pause = parts.deposed_pause = std::chrono::milliseconds(0);
      ledger = make_replica(bench.loop, std::move(parts));
      ledger->follow([this](News got) { news.push_back(std::move(got)); });
    }
    const std::string identity;
    std::shared_ptr<std::map<vip::Address, vip::Record>> mirror =
        std::make_shared<std::map<vip::Address, vip::Record>>();
    std::shared_ptr<Wire> line;  // shared with the calls that are under way when the replica goes
    Wire& wire = *line;
    std::vector<News> news;
    std::unique_ptr<Ledger> ledger;
  };
  std::unique_ptr<Replica> replica(std::string identity, std::size_t shard_octets = 400, bool per_entry = false) {
    return std::make_unique<Replica>(*this, std::move(identity), shard_octets, per_entry);
  }

  // Until nothing goes on without an answer or an event; pauses of no length included.
  void turn() {
    do {
      loop.restart();
    } while (loop.poll() > 0 || loop.poll() > 0);
  }
  // Lets everything through, until nothing is under way.
  void settle(std::vector<Replica*> replicas) {
    for (bool busy = true; busy;) {
      turn();
      busy = false;
      for (auto* replica : replicas) {
        if (!replica->wire.under_way.empty()) {
          replica->wire.answer();
          busy = true;
        } else if (!replica->wire.events.empty()) {
          replica->wire.tell_event();
          busy = true;
        }
      }
    }
  }

  // A call under way: its end is looked at when the test likes.
  template <class Value>
  struct Call {
    bool done = false;
    std::optional<Value> value;
    std::string refused;
  };
  std::shared_ptr<Call<std::vector<vip::Record>>> load(Replica& replica) {
    auto call = std::make_shared<Call<std::vector<vip::Record>>>();
    asio::co_spawn(loop, replica.ledger->load(), [call](std::exception_ptr e, std::vector<vip::Record> records) {
      std::ranges::sort(records, {}, &vip::Record::address);
      call->done = true;
      if (!e) call->value = std::move(records);
      if (e) call->refused = what(e);
    });
    return call;
  }
  std::shared_ptr<Call<bool>> commit(Replica& replica, std::vector<vip::Change> changes) {
    auto call = std::make_shared<Call<bool>>();
    asio::co_spawn(loop, replica.ledger->commit(std::move(changes)), [call](std::exception_ptr e) {
      call->done = true;
      if (!e) call->value = true;
      if (e) call->refused = what(e);
    });
    return call;
  }

 private:
  static std::string what(const std::exception_ptr& e) {
    try {
      std::rethrow_exception(e);
    } catch (const Unavailable& unavailable) {
      return unavailable.what();
    }
  }
};

}  // namespace meridian::ledger::bench
