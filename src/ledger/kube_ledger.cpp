// The shared ledger, and why two replicas never give one host two VIPs nor two hosts one, whatever dies when.
//
// The store. Shards: ConfigMaps NAME-0, NAME-1, ... (kube_shard), one line an address (kube_line). A record stays in
// the shard where it was put first, so that one object's resourceVersion guards it for life. The API server takes one
// object at a time; everything below is made of that.
//
// The fence. The Lease says who should write, and only that: a process that slept through the end of its Lease may
// still send what it had begun. So every write is refused (409) unless the shard is as the writer saw it last, and a
// new leader first writes its epoch, larger than any before, into every shard (ShardWriter::take_over). What an old
// leader wrote into a shard before that is in the answer to the new one's write, and so in its records; what comes
// after is refused, however late it lands. Only then is the ledger writable(), and load() returns what is known now.
// Two processes that both believe that they hold the Lease lose nothing but time.
//
// New shards. An old leader must not add one that a new leader does not see. So a shard is made empty, then shard 0
// says that it must be there, and only then a record goes into it: the middle step is refused as soon as another
// leader's epoch is in shard 0, and a leader reads the number of shards after it wrote its own. So a shard that nobody
// counts holds no VIP that was given away in it. It may hold old ones: a take-over makes a shard that is missing with
// all that it held, as far as this process knows it, and shard 0 last. If it is cut short there, its successor claims
// what has landed; what lands later is seen by the watch, and holds then what the successor knows of it.
//
// Who shares. Whether hosts of one entry share a VIP decides whose answer a line is, so it is the ledger's to say, not
// each process's configuration: a leader that writes VIPs back puts a note onto shard 0 (kVipsNote), and it stays there
// whoever leads later. Readers, and the mirror, have it from there.
//
// One commit, several shards. A host's old address is freed, and an erased line is gone, before anything is taken that
// depends on it in another shard (ShardPlan); each state in between is one that could stay. A write without an answer
// is not known: the shard is read before it is written again. What a commit could not finish the leader still wants,
// and commit() of the same finishes it.
//
// Terms. commit() belongs to the records that load() returned last: after another leader, or a lost Lease, it is
// refused until load() was called again, so that nothing that was decided on old records is written over new ones.
//
// Hands. Whoever edits or deletes a shard under a leader gets it back from its memory, with one line in the log;
// without a leader an edit counts, a line that can't be read is set aside, and the next leader removes it. What
// contradicts itself is settled by all in the same way (ShardView): the older epoch holds. A shard that is deleted is
// answered all the same until it is there again; if nobody leads, the next leader makes it from what it followed, or
// from its mirror.
//
// Seeing. Followers, and the leader, watch the shards. What the watch tells may be older than the answer to a write or
// a read of our own; then it is not believed, and the shard is read (Replica).

#include "ledger/kube_ledger.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "kube/lease.hpp"
#include "kube/reflector.hpp"
#include "ledger/kube_replica.hpp"

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::uint64_t kLargestConfigMap = 2ull << 20;  // as JSON, with its managedFields; the server's limit is one

class LeaseRole final : public Role {
 public:
  LeaseRole(asio::io_context& loop, kube::Api& api, kube::LeaseName name, std::string identity,
            config::Kubernetes::Lease times)
      : lease_(loop, api, std::move(name), std::move(identity), times, [this] { changed_(); }) {}

  void start(std::function<void()> changed) override {
    changed_ = std::move(changed);
    lease_.start();
  }
  bool held() const override { return lease_.held(); }
  std::string holder() const override { return lease_.holder(); }
  std::string trouble() const override { return lease_.trouble(); }
  asio::awaitable<void> release() override { return lease_.release(); }
  void stop() override { lease_.stop(); }

 private:
  std::function<void()> changed_;
  kube::Lease lease_;
};

class ReflectorFeed final : public ShardFeed, kube::Listener {
 public:
  ReflectorFeed(asio::io_context& loop, kube::Api& api, LedgerName name)
      : name_(std::move(name)), reflector_(loop, api, resource(name_), kLargestConfigMap, *this) {}

  void start(ShardFeed::Listener& listener) override {
    listener_ = &listener;
    reflector_.start();
  }
  std::string trouble() const override {
    const auto& state = reflector_.state();
    return state.up ? std::string() : state.trouble;
  }
  void stop() override { reflector_.stop(); }

 private:
  static kube::Resource resource(const LedgerName& name) {
    kube::Resource resource;
    resource.plural = "configmaps";
    resource.space = name.space;
    resource.label_selector = std::string(kLedgerLabel) + "=" + name.name;
    return resource;
  }

  void list_begins() override { list_.clear(); }
  void listed(json::object object) override {
    if (auto shard = parse(object)) list_.insert_or_assign(shard->number, std::move(*shard));
  }
  void list_ends() override { listener_->listed(std::exchange(list_, {})); }
  void changed(json::object object) override {
    const auto which = identify_shard(name_, object);
    if (which && listener_->echoed(which->number, which->version)) return;  // a full one takes milliseconds to parse
    if (auto shard = parse(object)) listener_->changed(std::move(*shard));
  }
  void deleted(json::object object) override {
    if (const auto which = identify_shard(name_, object)) listener_->deleted(which->number);
  }
  void skipped(json::object /*identity*/, std::string what) override { spdlog::error("ledger: a shard: {}", what); }
  void state_changed() override {
    auto now = trouble();
    if (!now.empty()) listener_->failed();
    if (now == told_) return;
    if (now.empty()) {
      spdlog::info("ledger: {} can be followed again", text());
    } else {
      spdlog::warn("ledger: {} can't be followed: {}", text(), now);
    }
    told_ = std::move(now);
  }
  std::string text() const { return "configmaps " + name_.space + "/" + name_.name + "-*"; }

  std::optional<Shard> parse(const json::object& object) const {
    auto shard = parse_shard(name_, object);
    if (!shard)
      spdlog::warn("ledger: a configmap in {} has the label {}={} and is no shard of it: it is not used", name_.space,
                   kLedgerLabel, name_.name);
    return shard;
  }

  const LedgerName name_;
  std::map<int, Shard> list_;
  ShardFeed::Listener* listener_ = nullptr;
  std::string told_;  // the trouble that the log knows of
  kube::Reflector reflector_;
};

}  // namespace

std::unique_ptr<Ledger> make_kube_ledger(asio::io_context& loop, kube::Api& api, config::KubernetesLedger settings,
                                         config::Kubernetes::Lease lease, std::string identity,
                                         std::unique_ptr<Ledger> mirror, bool shares) {
  const LedgerName name{settings.space, settings.name};
  ReplicaParts parts;
  parts.store = std::make_unique<ApiShardStore>(api, name);
  parts.role = std::make_unique<LeaseRole>(loop, api, kube::LeaseName{name.space, name.name}, identity, lease);
  parts.feed = std::make_unique<ReflectorFeed>(loop, api, name);
  parts.mirror = std::make_shared<Mirror>(loop, std::move(mirror));
  parts.name = name;
  parts.per_entry = shares;
  parts.identity = std::move(identity);
  parts.describe = [&api, name] { return "configmaps " + name.space + "/" + name.name + "-* at " + api.describe(); };
  return make_replica(loop, std::move(parts));
}

}  // namespace meridian::ledger
