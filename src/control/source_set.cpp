#include "control/source_set.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "source/file_source.hpp"
#include "source/kube_source.hpp"

namespace meridian::control {
namespace {

// How long the first look at a source may take before the last run's entries are served in its place.
constexpr std::chrono::seconds kPatience{1};

}  // namespace

// One source and what it holds.
struct SourceSet::Slot {
  explicit Slot(boost::asio::io_context& loop) : patience(loop) {}

  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  unsigned rank = 0;
  config::Source settings;
  config::Limits limits;
  std::unique_ptr<source::Source> source;
  std::map<mesh::EntryKey, source::EntryPtr> contents;  // in effect
  std::vector<source::EntryPtr> last_run;               // from the snapshot, until the first sync
  std::map<mesh::EntryKey, source::EntryPtr> held;      // news that the guard holds; null: the entry goes
  bool stale = false;                                   // contents are the last run's
  boost::asio::steady_timer patience;
};

SourceSet::SourceSet(boost::asio::io_context& loop, View view, std::function<void(Accepted)> accept,
                     std::function<void(source::Snapshot::Write)> save)
    : loop_(loop), view_(std::move(view)), accept_(std::move(accept)), save_(std::move(save)) {}

SourceSet::~SourceSet() = default;

std::shared_ptr<SourceSet::Slot> SourceSet::start(const config::Source& settings, const config::Limits& limits,
                                                  std::vector<source::EntryPtr> last_run) {
  auto slot = std::make_shared<Slot>(loop_);
  slot->settings = settings;
  slot->limits = limits;
  slot->last_run = last_run;
  slot->source = settings.kubernetes
                     ? source::make_kube_source(loop_, settings.name, *settings.kubernetes, limits.object_size,
                                                std::move(last_run))
                     : source::make_file_source(loop_, settings.name, settings.files,
                                                {limits.file_size, limits.object_size}, std::move(last_run));
  Slot& it = *slot;
  it.source->start([this, &it](source::Update update) { on_update(it, std::move(update)); });
  it.patience.expires_after(kPatience);
  // A timer that has expired already can't be cancelled any more; a reload may have taken the slot away by then.
  it.patience.async_wait([this, weak = std::weak_ptr(slot)](const boost::system::error_code& stopped) {
    const auto late = weak.lock();
    if (!stopped && late && !late->source->state().synced) use_last_run(*late);
  });
  return slot;
}

void SourceSet::configure(const config::Config& config,
                          const std::vector<source::Snapshot::Contents::OfSource>& last_run) {
  guard_.set_percent(config.mass_delete_guard);
  std::vector<std::shared_ptr<Slot>> before = std::move(slots_);
  slots_.clear();
  std::vector<Slot*> changed;
  for (const auto& settings : config.sources) {
    const auto same = std::ranges::find_if(before, [&](const auto& slot) {
      return slot && slot->settings == settings && slot->limits.file_size == config.limits.file_size &&
             slot->limits.object_size == config.limits.object_size;
    });
    if (same != before.end()) {
      slots_.push_back(std::move(*same));
    } else {
      const auto previous = std::ranges::find(last_run, settings.name, &source::Snapshot::Contents::OfSource::source);
      const Slot* replaced = replaced_by(settings, before);
      slots_.push_back(start(settings, config.limits,
                             replaced                     ? entries_of(*replaced)
                             : previous == last_run.end() ? std::vector<source::EntryPtr>{}
                                                          : previous->entries));
      if (replaced) changed.push_back(slots_.back().get());
    }
  }
  for (const auto& gone : before) {
    if (!gone) continue;
    gone->patience.cancel();
    gone->source->stop();
    accept_({gone->rank, {}, keys_of(*gone)});
  }
  // First out of the old ranks, then into the new ones: an entry that two sources hold changes hands only once.
  std::vector<Slot*> moved;
  for (unsigned rank = 0; rank < slots_.size(); ++rank) {
    Slot& slot = *slots_[rank];
    if (slot.rank == rank || slot.contents.empty()) continue;
    accept_({slot.rank, {}, keys_of(slot)});
    moved.push_back(&slot);
  }
  for (unsigned rank = 0; rank < slots_.size(); ++rank) slots_[rank]->rank = rank;
  for (const Slot* slot : moved) accept_({slot->rank, entries_of(*slot), {}});
  for (Slot* slot : changed) use_last_run(*slot);
}

// The source that was there before with another path, name or limit: what it told is answered until the new one has
// synced, and is what the guard compares that with. Null if there was none.
const SourceSet::Slot* SourceSet::replaced_by(const config::Source& settings,
                                              const std::vector<std::shared_ptr<Slot>>& before) {
  const auto find = [&](auto same) {
    const auto found = std::ranges::find_if(before, [&](const auto& slot) { return slot && same(slot->settings); });
    return found == before.end() ? nullptr : found->get();
  };
  const Slot* slot = find(
      [&](const config::Source& old) { return old.files == settings.files && old.kubernetes == settings.kubernetes; });
  return slot ? slot : find([&](const config::Source& old) { return old.name == settings.name; });
}

std::vector<mesh::EntryKey> SourceSet::keys_of(const Slot& slot) {
  std::vector<mesh::EntryKey> keys;
  for (const auto& [key, entry] : slot.contents) keys.push_back(key);
  return keys;
}

std::vector<source::EntryPtr> SourceSet::entries_of(const Slot& slot) {
  std::vector<source::EntryPtr> entries;
  for (const auto& [key, entry] : slot.contents) entries.push_back(entry);
  return entries;
}

void SourceSet::rescan() {
  for (const auto& slot : slots_) slot->source->rescan();
}

void SourceSet::stop() {
  for (const auto& slot : slots_) {
    slot->patience.cancel();
    slot->source->stop();
  }
}

bool SourceSet::complete() const {
  return std::ranges::all_of(slots_, [](const auto& slot) { return slot->source->state().synced || slot->stale; });
}

bool SourceSet::current() const {
  return std::ranges::all_of(slots_, [](const auto& slot) {
    const auto& state = slot->source->state();
    return state.synced && state.up;
  });
}

std::vector<SourceSet::Status> SourceSet::status() const {
  std::vector<Status> all;
  for (const auto& slot : slots_) {
    const auto& state = slot->source->state();
    const auto age = std::chrono::steady_clock::now() - std::max(state.last_contact, slot->started);
    all.push_back({slot->source->name(), slot->source->describe(), state, std::chrono::duration<double>(age).count(),
                   slot->stale, slot->contents.size(), slot->held.size()});
  }
  return all;
}

const source::State* SourceSet::state(const std::string& source) const {
  const auto found = std::ranges::find(slots_, source, [](const auto& slot) { return slot->source->name(); });
  return found == slots_.end() ? nullptr : &(*found)->source->state();
}

std::vector<source::Snapshot::Write> SourceSet::everything() const {
  std::vector<source::Snapshot::Write> writes;
  for (const auto& slot : slots_) {
    writes.push_back({slot->source->name(), source::Update::Kind::Sync, entries_of(*slot), {}});
  }
  return writes;
}

// The source does not answer yet: what it held when we last ran is better than nothing.
void SourceSet::use_last_run(Slot& slot) {
  if (slot.last_run.empty()) return;
  slot.stale = true;
  for (const auto& entry : slot.last_run) slot.contents[entry->key] = entry;
  accept_({slot.rank, std::exchange(slot.last_run, {}), {}});
}

void SourceSet::on_update(Slot& slot, source::Update update) {
  using Kind = source::Update::Kind;
  if (update.kind == Kind::State) {
    if (!slot.source->state().synced && !slot.source->state().up) use_last_run(slot);
    return accept_({slot.rank, {}, {}});
  }
  News news{std::move(update.put), std::move(update.removed)};
  const bool first_sync = update.kind == Kind::Sync && !slot.last_run.empty();
  if (update.kind == Kind::Sync) {
    slot.patience.cancel();
    use_last_run(slot);  // a first sync is judged by what the last run served: an emptied directory is noticed
    news.removed = missing(slot, news.put);
  }
  for (const auto& entry : news.put) slot.held.erase(entry->key);
  const News confirmed = update.kind == Kind::Change ? News{} : release_held(slot);
  if (!guard_allows(slot, news, first_sync)) hold(slot, news);
  std::ranges::copy(confirmed.put, std::back_inserter(news.put));
  std::ranges::copy(confirmed.removed, std::back_inserter(news.removed));
  slot.stale = false;
  pass(slot, update.kind, std::move(news));
}

// Keys that a complete list does not have any more.
std::vector<mesh::EntryKey> SourceSet::missing(const Slot& slot, const std::vector<source::EntryPtr>& list) {
  std::set<mesh::EntryKey> present;
  for (const auto& entry : list) present.insert(entry->key);
  std::vector<mesh::EntryKey> keys;
  for (const auto& [key, entry] : slot.contents) {
    if (!present.contains(key)) keys.push_back(key);
  }
  return keys;
}

// What was held back and has not come again by now is what the source means: this is its second look.
SourceSet::News SourceSet::release_held(Slot& slot) {
  News confirmed;
  if (slot.held.empty()) return confirmed;
  spdlog::warn("source {}: a second look confirms {} changes that were held back", slot.source->name(),
               slot.held.size());
  for (auto& [key, entry] : std::exchange(slot.held, {})) {
    if (entry) {
      confirmed.put.push_back(entry);
    } else {
      confirmed.removed.push_back(key);
    }
  }
  return confirmed;
}

// What only adds takes effect; what takes hosts away waits for a second look.
void SourceSet::hold(Slot& slot, News& news) {
  ++guard_trips_;
  for (const auto& key : news.removed) slot.held[key] = nullptr;
  news.removed.clear();
  std::erase_if(news.put, [&](const source::EntryPtr& entry) {
    if (lost_hosts(slot, *entry).empty()) return false;
    slot.held[entry->key] = entry;
    return true;
  });
  slot.source->confirm();
  spdlog::error(
      "source {}: {} changes would take away more hosts than mass-delete-guard allows; the hosts are answered until a "
      "second look at the source confirms it (SIGHUP looks now)",
      slot.source->name(), slot.held.size());
}

// Hosts that the entry had before and has no more.
std::vector<std::string> SourceSet::lost_hosts(const Slot& slot, const mesh::ServiceEntry& entry) {
  std::vector<std::string> lost;
  const auto before = slot.contents.find(entry.key);
  if (before == slot.contents.end()) return lost;
  std::ranges::copy_if(before->second->hosts, std::back_inserter(lost), [&](const std::string& host) {
    return std::ranges::find(entry.hosts, host) == entry.hosts.end();
  });
  return lost;
}

bool SourceSet::guard_allows(const Slot& slot, const News& news, bool first_sync) {
  std::set<mesh::EntryKey> going(news.removed.begin(), news.removed.end());
  std::set<std::string> hosts;
  for (const auto& key : news.removed) {
    const auto before = slot.contents.find(key);
    if (before != slot.contents.end()) hosts.insert(before->second->hosts.begin(), before->second->hosts.end());
  }
  for (const auto& entry : news.put) {
    for (auto& host : lost_hosts(slot, *entry)) {
      hosts.insert(std::move(host));
      going.insert(entry->key);
    }
  }
  for (const auto& entry : news.put) {  // a host that only moves from one entry to another stays
    for (const auto& host : entry->hosts) hosts.erase(host);
  }
  HostCounts dropped;
  for (const auto& host : hosts) {
    if (const auto zone = view_.lost(host, going); !zone.empty()) ++dropped[zone];
  }
  return dropped.empty() || guard_.allow(dropped, view_.present(first_sync), MassDeleteGuard::Clock::now());
}

void SourceSet::pass(Slot& slot, source::Update::Kind kind, News news) {
  for (const auto& entry : news.put) slot.contents[entry->key] = entry;
  for (const auto& key : news.removed) slot.contents.erase(key);
  source::Snapshot::Write write{slot.source->name(), kind, news.put, news.removed};
  if (kind == source::Update::Kind::Sync) {  // the snapshot's entries are replaced by all that is in effect
    write.put = entries_of(slot);
    write.removed.clear();
  }
  accept_({slot.rank, std::move(news.put), std::move(news.removed)});
  if (!write.put.empty() || !write.removed.empty() || kind == source::Update::Kind::Sync) save_(std::move(write));
}

}  // namespace meridian::control
