#include <algorithm>
#include <cassert>
#include <meridian/vip/allocator.hpp>
#include <meridian/vip/siphash.hpp>

namespace meridian::vip {
namespace {

// The published key: the octets "meridian-vip-key". Never to be changed: machines without a common ledger agree by it.
constexpr SipKey kPlaceKey{0x6e6169646972656d, 0x79656b2d7069762d};

// Longer than any quarantine may a record lie, but never shorter, whatever the tombstone.
std::chrono::seconds lifetime(const Times& times) {
  return std::max(times.quarantine, times.tombstone);
}

}  // namespace

std::uint64_t place_hash(std::string_view host) {
  return siphash24(kPlaceKey, host);
}

Allocator::Allocator(Pool pool, Times times)
    : pool_(std::move(pool)),
      times_(times),
      free_places_{FreePlaces(pool_, Family::V4), FreePlaces(pool_, Family::V6)} {
  rebuild();
}

void Allocator::reconfigure(Pool pool, Times times) {
  pool_ = std::move(pool);
  times_ = times;
  rebuild();
  space_freed_ = true;
}

// Everything that follows from the pool, the records and the literals.
void Allocator::rebuild() {
  free_places_ = {FreePlaces(pool_, Family::V4), FreePlaces(pool_, Family::V6)};
  reusable_ = {};
  retired_.clear();
  used_.assign(pool_.networks().size(), 0);
  for (const auto& [address, literal] : literals_) places_of(family_of(address)).take(address);
  book_.for_each([this](Entry& entry) {
    places_of(family_of(entry.record.address)).take(entry.record.address);
    if (entry.record.active) return count_used(entry.record.address, true);
    shelve(entry);
  });
}

Assignment Allocator::assign(std::string_view host, Family family, const std::optional<Address>& pin) {
  assert(!host.empty() && "the root has no VIP");
  if (role_ == Role::Follows) return follow(host, family, pin && family_of(*pin) == family);
  auto [active, freed] = own(host, family);
  Assignment result;
  if (pin && family_of(*pin) == family && !(active && active->record.address == *pin)) {
    result.note = why_not(*pin, host);
    if (result.note.empty()) {
      if (active) free(*active);
      active = &occupy(*pin, host);
    }
  }
  if (!active) active = allocate(host, family, freed);
  const bool no_pool = !active && !pool_.has(family);
  set_starved(host, family, !active && !no_pool);
  if (!active) {
    result.state = no_pool ? Assignment::State::NoPool : Assignment::State::Exhausted;
    return result;
  }
  result.state = active->in_ledger ? Assignment::State::Held : Assignment::State::Pending;
  result.address = active->record.address;
  return result;
}

Allocator::Own Allocator::own(std::string_view host, Family family) {
  Own own;
  book_.for_each_of(host, [&](Entry& entry) {
    if (family_of(entry.record.address) != family) return;
    if (entry.record.active) {
      if (!own.active || entry.record.address < own.active->record.address) own.active = &entry;
    } else if (!own.freed || entry.freed_at > own.freed->freed_at) {
      own.freed = &entry;
    }
  });
  return own;
}

// Why `host` can't have the address that its operator wants for it; empty: it can.
std::string Allocator::why_not(const Address& pin, std::string_view host) const {
  const auto text = "pin " + pin.to_string();
  if (pool_.excluded(pin)) return text + " is excluded from being a VIP";
  if (literals_.contains(pin)) return text + " is a literal address of an entry";
  const auto* entry = book_.find(pin);
  if (!entry || entry->record.host == host) return {};
  if (entry->record.active) return text + " is the VIP of " + entry->record.host;
  if (entry->record.freed_for >= times_.quarantine) return {};
  return text + " was the VIP of " + entry->record.host + " and is in quarantine";
}

// An ordinary VIP: what the host had last, else the first free place from its hash on, else what lies unused longest.
Allocator::Entry* Allocator::allocate(std::string_view host, Family family, Entry* freed) {
  if (freed && !pool_.excluded(freed->record.address)) return &occupy(freed->record.address, host);
  if (!pool_.has(family)) return nullptr;
  if (const auto free = places_of(family).next(place_hash(host) % pool_.places(family))) return &occupy(*free, host);
  const auto& reusable = reusable_[static_cast<std::size_t>(family)];
  if (reusable.empty() || now_ - reusable.begin()->first < times_.quarantine.count()) return nullptr;
  const auto oldest = reusable.begin()->second;  // a copy: occupy() takes it off the shelf
  return &occupy(oldest, host);
}

// Makes the address the host's active VIP. It is free, or freed: by this host, or by another long enough ago.
Allocator::Entry& Allocator::occupy(const Address& address, std::string_view host) {
  auto* entry = book_.find(address);
  assert(!literals_.contains(address) && !(entry && entry->record.active) && "no address is given twice");
  if (entry && entry->record.host != host) {
    erase(entry->record.address);
    entry = nullptr;
  }
  if (entry) {
    unshelve(*entry);
    entry->record.active = true;
    entry->record.freed_for = {};
  } else {
    entry = &book_.insert({address, std::string(host), true, {}});
  }
  places_of(family_of(address)).take(entry->record.address);
  count_used(entry->record.address, true);
  touch(entry->record.address);
  return *entry;
}

void Allocator::free(Entry& entry) {
  entry.record.active = false;
  entry.freed_at = now_;
  shelve(entry);
  count_used(entry.record.address, false);
  touch(entry.record.address);
}

// The record goes, and the ledger is told.
void Allocator::erase(const Address& address) {
  const auto gone = address;  // a copy: it may be the record's own
  forget(gone);
  touch(gone);
}

// The record goes.
void Allocator::forget(const Address& address) {
  const auto gone = address;  // a copy: it may be the record's own
  const auto& entry = *book_.find(gone);
  if (entry.record.active) {
    count_used(gone, false);
  } else {
    unshelve(entry);
  }
  book_.erase(gone);
  if (literals_.contains(gone)) return;
  places_of(family_of(gone)).give(gone);
  space_freed_ = true;
}

void Allocator::release(std::string_view host) {
  if (role_ == Role::Follows) return;
  for (const auto family : {Family::V4, Family::V6}) {
    while (auto* active = own(host, family).active) free(*active);  // adopt() may have recorded two
    set_starved(host, family, false);
  }
}

std::vector<std::string> Allocator::active_hosts() const {
  std::vector<std::string> hosts;
  book_.for_each([&](const Entry& entry) {
    if (entry.record.active) hosts.push_back(entry.record.host);
  });
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());  // once, with VIPs of both families
  return hosts;
}

std::optional<std::string> Allocator::add_literal(const Address& address) {
  auto& literal = literals_[address];
  if (literal.entries++ > 0) return std::nullopt;
  const auto* entry = book_.find(address);
  if (!entry) {
    places_of(family_of(address)).take(address);
    return std::nullopt;
  }
  literal.lost_by = entry->record.host;
  const bool active = entry->record.active;
  if (role_ == Role::Writes) erase(address);
  return active ? std::optional(literal.lost_by) : std::nullopt;
}

void Allocator::remove_literal(const Address& address) {
  const auto found = literals_.find(address);
  if (found == literals_.end() || --found->second.entries > 0) return;
  const auto lost_by = std::move(found->second.lost_by);
  literals_.erase(found);
  if (book_.find(address)) return;  // we follow: the ledger's word counts again
  if (lost_by.empty() || role_ == Role::Follows) {
    places_of(family_of(address)).give(address);
    space_freed_ = true;
    return;
  }
  // Clients of the entry, or even of the host before it, may still have it in their caches.
  auto& entry = book_.insert({address, lost_by, false, {}});
  entry.freed_at = now_;
  shelve(entry);
  touch(address);
}

bool Allocator::age(std::chrono::seconds elapsed) {
  if (elapsed.count() > 0) now_ += elapsed.count();
  for (auto* shelf : {&reusable_[0], &reusable_[1], &retired_}) {
    for (auto freed = shelf->begin(); freed != shelf->end();) {
      const auto address = (freed++)->second;  // erase() takes it off the shelf
      auto& entry = *book_.find(address);
      const auto age = std::chrono::seconds(now_ - entry.freed_at);
      space_freed_ = space_freed_ || (entry.record.freed_for < times_.quarantine && age >= times_.quarantine);
      entry.record.freed_for = age;
      if (age >= lifetime(times_) && role_ == Role::Writes) erase(address);
    }
  }
  return std::exchange(space_freed_, false) && !starved_.empty();
}

Allocator::Usage Allocator::usage(const Network& network) const {
  Usage usage;
  const auto& networks = pool_.networks();
  const auto found = std::find(networks.begin(), networks.end(), network);
  if (found != networks.end()) {
    usage.used = used_[static_cast<std::size_t>(found - networks.begin())];
  } else {
    book_.for_each([&](const Entry& e) { usage.used += e.record.active && network.contains(e.record.address); });
  }
  for (const auto* shelf : {&reusable_[0], &reusable_[1], &retired_}) {
    for (const auto& [since, address] : *shelf) {
      usage.quarantined += now_ - since < times_.quarantine.count() && network.contains(address);
    }
  }
  auto taken = usage.used + usage.quarantined;
  for (const auto& [address, literal] : literals_) {
    taken += network.contains(address) && !pool_.excluded(address) && !book_.find(address);
  }
  const auto usable = pool_.usable_in(network);
  usage.free = usable > taken ? usable - taken : 0;
  return usage;
}

const Record* Allocator::find(const Address& address) const {
  const auto* entry = book_.find(address);
  return entry ? &entry->record : nullptr;
}

Allocator::Freed& Allocator::shelf_of(const Address& address) {
  const bool reusable = pool_.place_of(address) && !pool_.excluded(address);
  return reusable ? reusable_[static_cast<std::size_t>(family_of(address))] : retired_;
}

void Allocator::shelve(Entry& entry) {
  entry.record.freed_for = std::chrono::seconds(now_ - entry.freed_at);
  shelf_of(entry.record.address).emplace(entry.freed_at, entry.record.address);
}

void Allocator::unshelve(const Entry& entry) {
  shelf_of(entry.record.address).erase({entry.freed_at, entry.record.address});
}

void Allocator::count_used(const Address& address, bool more) {
  const auto& networks = pool_.networks();
  const auto found = std::find_if(networks.begin(), networks.end(), [&](auto& n) { return n.contains(address); });
  if (found != networks.end()) used_[static_cast<std::size_t>(found - networks.begin())] += more ? 1 : -1ull;
}

void Allocator::set_starved(std::string_view host, Family family, bool starved) {
  auto& mine = starved_by_family_[static_cast<std::size_t>(family)];
  auto& other = starved_by_family_[1 - static_cast<std::size_t>(family)];
  if (starved) {
    mine.emplace(host);
    starved_.emplace(host);
  } else if (!starved_.empty()) {
    mine.erase(std::string(host));
    if (!other.contains(std::string(host))) starved_.erase(std::string(host));
  }
}

}  // namespace meridian::vip
