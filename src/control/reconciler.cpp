#include "control/reconciler.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <random>
#include <ranges>

#include "control/model_rules.hpp"
#include "control/zone_specs.hpp"

namespace meridian::control {
namespace {

constexpr std::chrono::milliseconds kGather{2};
constexpr std::chrono::seconds kSettle{10};
constexpr std::size_t kLongNote = 500;  // octets of a host's note from which on no more is said

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

bool needs_vip(const std::optional<mesh::Host>& host) {
  return host && host->served && host->source == mesh::AddressSource::Vip;
}

// The host of "_http._tcp.httpbin.bar.global".
std::string service_host(std::string_view name) {
  while (name.starts_with('_')) {
    const auto dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return std::string(name);
}

}  // namespace

ZonePtr empty_zones(const config::Config& config, std::span<const config::Endpoint> bound, std::uint32_t serial) {
  return zone::ZoneSet::create(zone_specs(config, bound), serial, random_seed());
}

Reconciler::Reconciler(boost::asio::io_context& loop, const config::Config& config, ledger::Ledger& ledger,
                       source::Snapshot& snapshot, const Frontend& frontend, ZonePtr zones,
                       const ClusterAccess& clusters)
    : loop_(loop),
      config_(config),
      frontend_(frontend),
      model_(model_rules(config)),
      builder_(std::make_unique<ZoneBuilder>(config, std::move(zones))),
      vips_(loop, vip::Allocator(vip_pool(config), vip_times(config)), ledger,
            [this](std::vector<std::string> hosts) {
              look_again(std::move(hosts));
              schedule();  // with nobody to look at, too: whether we write may be another now
            }),
      snapshot_(loop, snapshot, [this] { return sources_.everything(); }),
      sources_(
          loop,
          {[this](bool counted) { return present_hosts(counted); },
           [this](const std::string& host, const std::set<mesh::EntryKey>& going) { return lost_zone(host, going); }},
          [this](Accepted accepted) { accept(std::move(accepted)); },
          [this](source::Snapshot::Write write) { snapshot_.save(std::move(write)); }),
      gather_(loop),
      settle_(loop) {
  if (clusters.admiral && config.vip.exclude_admiral) {
    admiral_ = std::make_unique<source::AdmiralAddresses>(loop, *clusters.admiral, *config.vip.exclude_admiral,
                                                          [this](const auto& came, const auto& went) {
                                                            look_again(vips_.literals(came, went));
                                                            if (admiral_->listed()) vips_.allow_new(true);
                                                          });
    vips_.allow_new(false);
  }
  if (config.vip.ledger) {
    const auto is_written = [this](unsigned source) {
      return source < config_.sources.size() && config_.sources[source].name == config_.vip.ledger->source;
    };
    sharing_ = std::make_unique<VipSharing>(model_, vips_, is_written);
    if (clusters.ledger && config.vip.write_back == config::Vip::WriteBack::Spec)
      writer_ = std::make_unique<VipWriter>(loop, *clusters.ledger, clusters.identity, model_, vips_, is_written);
  }
}

Reconciler::~Reconciler() = default;

boost::asio::awaitable<void> Reconciler::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto last_run = co_await snapshot_.load();
  co_await vips_.load();  // before the first entry, so that a VIP of the last run is answered at once
  if (stopped_) co_return co_await vips_.run();  // closes the ledger
  started_ = true;
  // Only now is it known which serials the last run may have told.
  builder_ = std::make_unique<ZoneBuilder>(config_, empty_zones(config_, frontend_.bound, snapshot_.next_serial()));
  if (admiral_) admiral_->start();
  sources_.configure(config_, last_run.sources);
  schedule();
  co_await (vips_.run() && snapshot_.run());
}

void Reconciler::stop() {
  stopped_ = true;
  gather_.cancel();
  settle_.cancel();
  if (admiral_) admiral_->stop();
  if (writer_) writer_->stop();
  sources_.stop();
  vips_.stop();
  snapshot_.stop();
}

void Reconciler::reload(const config::Config& config) {
  config_ = config;
  vips_.reconfigure(vip_pool(config), vip_times(config));
  model_.set_rules(model_rules(config));
  if (!started_) return;  // run() goes on from here, once it has loaded the last run
  // Other zones, or other rules for the same: built anew beside the old ones from every host, and published in one
  // step.
  builder_ = std::make_unique<ZoneBuilder>(config, empty_zones(config, frontend_.bound, snapshot_.next_serial()));
  if (ready_) builder_->set_ready(true);
  sources_.configure(config_, {});
  if (writer_) {
    for (const auto& source : sources_.everything()) {
      for (const auto& entry : source.put) writer_->check(entry->key);
    }
  }
  commit();
}

void Reconciler::accept(Accepted accepted) {
  for (auto& entry : accepted.put) {
    const auto key = entry->key;
    model_.put(accepted.rank, std::move(entry));
    if (writer_) writer_->check(key);
  }
  for (const auto& key : accepted.removed) {
    model_.remove(accepted.rank, key);
    if (writer_) writer_->forget(accepted.rank, key);
  }
  schedule();
}

void Reconciler::look_again(std::vector<std::string> hosts) {
  if (hosts.empty()) return;
  again_.insert(std::make_move_iterator(hosts.begin()), std::make_move_iterator(hosts.end()));
  schedule();
}

void Reconciler::schedule() {
  if (stopped_ || std::exchange(scheduled_, true)) return;
  gather_.expires_after(kGather);
  gather_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) commit();
  });
}

void Reconciler::commit() {
  scheduled_ = false;
  const auto literals = model_.take_literals();
  look_again(vips_.literals(literals.added, literals.removed));
  const auto touched = model_.take_touched();
  again_.insert(touched.begin(), touched.end());

  // First those that need no VIP any more, so that space is free; then pins, the oldest entry's first; then the rest in
  // sorted order, so that machines with the same files agree (behaviour: the hash).
  std::vector<mesh::Host> pinned, others;
  auto names = std::exchange(again_, {});
  look_around(names);
  for (const auto& name : names) {
    auto host = model_.host(name);
    // Whom no entry has named since the ledger was read may belong to a source that has yet to tell: those are
    // release_unwanted()'s.
    const bool judged = needs_vip(host) || std::ranges::binary_search(touched, name);
    if (judged && (sharing() ? !sharing()->is_key(name) : !needs_vip(host))) vips_.release(name);
    if (!host || !host->served) {
      builder_->remove(name);
      if (name.starts_with('_')) again_.insert(service_host(name));  // it may have stood where a service name belongs
      pending_.erase(name);
      note(name, {});
      continue;
    }
    (host->pin ? pinned : others).push_back(std::move(*host));
  }
  std::ranges::sort(pinned, [this](const auto& a, const auto& b) { return older(model_, a, b); });
  for (const auto* hosts : {&pinned, &others}) {
    for (const auto& host : *hosts) put(host);
  }
  if (!ready_ && sources_.complete()) {
    ready_ = true;
    builder_->set_ready(true);
  }
  release_unwanted();
  vips_.flush();
  publish();
  if (writer_) {
    writer_->follow(served_version());
    writer_->update(sharing_->groups(), sharing_->refused());
  }
  if (!again_.empty()) schedule();
}

// Where VIPs are shared: whom the change of these hosts concerns. Once everything is known, everybody: from then on a
// key that is gone leaves its VIP to those who shared it.
void Reconciler::look_around(std::set<std::string>& hosts) {
  if (!sharing()) return;
  const bool settled = looked_at_all_ == vips_.loads() && looked_at_all_ > 0;
  const bool all = !settled && all_known();
  if (all) {
    const auto names = model_.host_names();
    hosts.insert(names.begin(), names.end());
  }
  sharing_->look(hosts, settled);
  if (!all) return;
  looked_at_all_ = vips_.loads();
  look_again(model_.host_names());
}

// Every source has told everything, and is not behind.
bool Reconciler::all_known() const {
  return vips_.loaded() && sources_.current();
}

// One host's records, whatever its entries hold, never cost the other hosts their answers.
void Reconciler::put(const mesh::Host& host) {
  try {
    builder_->put(resolve_addresses(host));
  } catch (const std::exception& e) {
    note(host.name, std::string("its records can't be made, and are as they were: ") + e.what());
  }
}

Answerable Reconciler::resolve_addresses(const mesh::Host& host) {
  Answerable answer{host, host.addresses, false, {}, std::string(to_text(host.source))};
  for (const auto& key : host.entries | std::views::take(kMostMetaEntries)) {
    const auto* entry = model_.entry(key);
    answer.entries.push_back({key, entry ? entry->resource_version : std::string()});
  }
  std::string notes;
  const auto say = [&notes](std::string_view text) {
    if (notes.size() >= kLongNote) return;  // /explain has all the warnings
    notes.append(notes.empty() ? "" : "; ").append(text);
  };
  if (!host.losers.empty()) {
    say("claimed by " + host.losers.front().to_text() +
        (host.losers.size() > 1 ? " and " + std::to_string(host.losers.size() - 1) + " more" : "") +
        " too, but the entry " + host.entries.front().to_text() + " is older");
    if (writer_) writer_->tell_conflict(host);
  }
  for (const auto& warning : host.warnings) say(warning);
  if (host.source == mesh::AddressSource::Vip) assign_vips(host, answer, say);
  for (const auto& [what, size] : {std::pair{"addresses", answer.addresses.size()}, {"ports", host.ports.size()}}) {
    if (size <= kMostRecords) continue;
    say(std::to_string(size) + " " + what + ": the first " + std::to_string(kMostRecords) +
        " are answered, no message holds more");
  }
  answer.addresses.resize(std::min(answer.addresses.size(), kMostRecords));
  answer.host.ports.resize(std::min(answer.host.ports.size(), kMostRecords));
  if (answer.pending) {
    pending_.insert(host.name);
  } else {
    pending_.erase(host.name);
  }
  note(host.name, std::move(notes));
  return answer;
}

void Reconciler::assign_vips(const mesh::Host& host, Answerable& answer,
                             const std::function<void(std::string_view)>& say) {
  const auto place = sharing() ? sharing()->of(host) : VipSharing::Place{host.name, host.pin};
  for (const auto family : {vip::Family::V4, vip::Family::V6}) {
    const auto pin = place.pin && vip::family_of(*place.pin) == family ? place.pin : std::nullopt;
    const auto assigned = vips_.assign(place.key, family, pin);
    if (assigned.state == vip::Assignment::State::Held) answer.addresses.push_back(assigned.address);
    answer.pending |= assigned.state == vip::Assignment::State::Pending;
    if (!assigned.note.empty()) say(assigned.note);
    if (assigned.state == vip::Assignment::State::Exhausted) {
      say("no VIP: the pools are exhausted");
      if (writer_) writer_->tell_exhausted(host);
    }
  }
}

// One log line per change, not per look.
void Reconciler::note(const std::string& host, std::string text) {
  const auto known = notes_.find(host);
  if (text.empty()) {
    if (known != notes_.end()) notes_.erase(known);
    return;
  }
  if (known != notes_.end() && known->second == text) return;
  spdlog::warn("{}: {}", host, text);
  notes_[host] = std::move(text);
}

// VIPs of the last run, or of the writer before us, that nobody wants any more; known once every source has told
// everything.
void Reconciler::release_unwanted() {
  if (released_unwanted_ == vips_.loads() || !vips_.allocates()) return;
  if (!all_known() || !settled() || (sharing() && looked_at_all_ != vips_.loads())) return;
  released_unwanted_ = vips_.loads();
  for (const auto& name : vips_.allocator().active_hosts()) {
    if (!needs_vip(model_.host(name))) vips_.release(name);
  }
}

// Who takes over a shared ledger may find VIPs of entries that its own watch has yet to bring: to free them now would
// take their answers away for a moment.
bool Reconciler::settled() {
  if (vips_.ledger().writer().empty()) return true;
  if (settling_ == vips_.loads()) return settle_.expiry() <= std::chrono::steady_clock::now();
  settling_ = vips_.loads();
  settle_.expires_after(kSettle);
  settle_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) schedule();
  });
  return false;
}

// Of the API in the cluster that VIPs are written back to.
std::string Reconciler::served_version() const {
  const auto* state = sources_.state(config_.vip.ledger->source);
  return state && state->watching ? state->watching->version : std::string();
}

void Reconciler::publish() {
  auto zones = builder_->commit([this] { return snapshot_.next_serial(); });
  if (!zones) return;
  ++publications_;
  last_change_ = std::chrono::system_clock::now();
  frontend_.publish(std::move(zones), [this, complete = ready_] { adopted_complete_ |= complete; });
}

HostCounts Reconciler::present_hosts(bool counted) const {
  HostCounts counts;
  if (!counted) {
    for (const auto& zone : zones().zones()) {
      if (zone->spec().kind == zone::Kind::Owned) counts[zone->spec().apex.to_text()] = zone->hosts();
    }
    return counts;
  }
  for (const auto& name : model_.host_names()) {
    if (const auto zone = owned_zone(config_, name); !zone.empty()) ++counts[zone];
  }
  return counts;
}

std::string Reconciler::lost_zone(const std::string& host, const std::set<mesh::EntryKey>& going) const {
  const auto now = model_.host(host);
  if (!now || !now->served) return {};
  const auto goes = [&](const mesh::EntryKey& key) { return going.contains(key); };
  if (!std::ranges::all_of(now->entries, goes) || !std::ranges::all_of(now->losers, goes)) return {};
  return owned_zone(config_, host);
}

}  // namespace meridian::control
