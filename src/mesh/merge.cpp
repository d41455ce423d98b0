#include <meridian/mesh/merge.hpp>

#include <algorithm>
#include <cassert>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace meridian::mesh {
namespace {

using EntryPtr = std::shared_ptr<const ServiceEntry>;

struct HashText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  std::size_t operator()(const EntryKey& key) const { return (*this)(key.space) * 31 + (*this)(key.name); }
};

// What the sources hold for one key.
struct Candidate {
  unsigned source;
  EntryPtr entry;
};
using Candidates = std::vector<Candidate>;  // by source; the first is in force

// An entry that names `address` in its status for `host`. The host's text lives in the entry.
struct StatusClaim {
  Address address;
  const ServiceEntry* entry;
  std::string_view host;

  // By address, the oldest entry first; one entry may name an address for several of its hosts.
  bool operator<(const StatusClaim& other) const {
    if (address != other.address) return address < other.address;
    if (entry != other.entry) return Older{}(entry, other.entry);
    return host < other.host;
  }
};

// For looking up the first claim of an address, whatever the entry.
struct ByAddress {
  using is_transparent = void;
  bool operator()(const StatusClaim& a, const StatusClaim& b) const { return a < b; }
  bool operator()(const StatusClaim& a, const Address& b) const { return a.address < b; }
  bool operator()(const Address& a, const StatusClaim& b) const { return a < b.address; }
};

template <class Do>
void for_each_usable_status(const ServiceEntry& entry, Do&& act) {
  for (const StatusAddress& status : entry.status_addresses) {
    if (usable_status(entry, status)) act(status);
  }
}

}  // namespace

struct Model::State {
  explicit State(Rules r) : rules(std::move(r)) {}

  // The only two doors through which an entry gets in force and out of it again.
  void enforce(const ServiceEntry& entry);
  void withdraw(const ServiceEntry& entry);

  const Claims* claims_of(std::string_view host) const;
  std::string_view keeper_of(const Address& address, std::string_view asking) const;
  void touch_sharers();

  Rules rules;
  std::unordered_map<EntryKey, Candidates, HashText> candidates;
  std::unordered_map<std::string, Claims, HashText, std::equal_to<>> hosts;
  std::set<std::string> shared;  // hosts with two claims or more: where conflicts may be
  std::set<StatusClaim, ByAddress> status_claims;
  Literals literals;
  std::unordered_set<std::string> touched;
  std::unordered_set<Address> status_moved;  // status addresses that a claim let go
};

void Model::State::enforce(const ServiceEntry& entry) {
  for (const Address& address : entry.addresses) literals.add(address);
  for (const StatusAddress& status : entry.status_addresses) literals.add(status.value);
  if (passed_over(entry, rules)) return;
  for (const std::string& host : entry.hosts) {
    Claims& claims = hosts[host];
    claims.insert(&entry);
    if (claims.size() == 2) shared.insert(host);
    touched.insert(host);
  }
  for_each_usable_status(entry, [&](const StatusAddress& s) { status_claims.insert({s.value, &entry, s.host}); });
}

void Model::State::withdraw(const ServiceEntry& entry) {
  for (const Address& address : entry.addresses) literals.remove(address);
  for (const StatusAddress& status : entry.status_addresses) literals.remove(status.value);
  if (passed_over(entry, rules)) return;
  for (const std::string& host : entry.hosts) {
    const auto at = hosts.find(host);
    assert(at != hosts.end() && "an entry in force has claims on all its hosts");
    at->second.erase(&entry);
    if (at->second.size() == 1) shared.erase(host);
    if (at->second.empty()) hosts.erase(at);
    touched.insert(host);
  }
  for_each_usable_status(entry, [&](const StatusAddress& s) {
    status_claims.erase({s.value, &entry, s.host});
    status_moved.insert(s.value);
  });
}

const Claims* Model::State::claims_of(std::string_view host) const {
  const auto at = hosts.find(host);
  return at == hosts.end() ? nullptr : &at->second;
}

// The host of the oldest claim that counts: we answer for the host, the entry has won it, and it has no spec.addresses.
// `asking` is known to have none, and is not looked through for each of its addresses: it may have many entries.
std::string_view Model::State::keeper_of(const Address& address, std::string_view asking) const {
  for (auto at = status_claims.lower_bound(address); at != status_claims.end() && at->address == address; ++at) {
    const Claims* claims = claims_of(at->host);
    if (!is_served(at->host, rules) || !wins(*at->entry, *claims)) continue;
    if (at->host == asking || status_counts(*claims)) return at->host;
  }
  return {};
}

// A host that changed may have taken a status address or let one go, and then whoever names that address has changed
// too. It ends there: whether a claim counts depends on the entries of its own host alone.
void Model::State::touch_sharers() {
  for (const std::string& host : touched) {
    const Claims* claims = claims_of(host);
    if (!claims) continue;
    for (const ServiceEntry* entry : *claims) {
      for (const StatusAddress& status : entry->status_addresses) {
        if (status.host == host) status_moved.insert(status.value);
      }
    }
  }
  for (const Address& address : status_moved) {
    for (auto at = status_claims.lower_bound(address); at != status_claims.end() && at->address == address; ++at) {
      touched.emplace(at->host);
    }
  }
  status_moved.clear();
}

Model::Model(Rules rules) : state_(std::make_unique<State>(std::move(rules))) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

void Model::put(unsigned source, EntryPtr entry) {
  Candidates& candidates = state_->candidates[entry->key];
  const auto at = std::lower_bound(candidates.begin(), candidates.end(), source,
                                   [](const Candidate& c, unsigned rank) { return c.source < rank; });
  const bool in_force = at == candidates.begin();
  const bool replaces = at != candidates.end() && at->source == source;
  if (replaces && *at->entry == *entry) return;
  if (in_force && !candidates.empty()) state_->withdraw(*candidates.front().entry);
  if (in_force) state_->enforce(*entry);
  if (replaces) {
    at->entry = std::move(entry);
  } else {
    candidates.insert(at, {source, std::move(entry)});
  }
}

void Model::remove(unsigned source, const EntryKey& key) {
  const auto found = state_->candidates.find(key);
  if (found == state_->candidates.end()) return;
  Candidates& candidates = found->second;
  const auto at = std::find_if(candidates.begin(), candidates.end(),
                               [&](const Candidate& candidate) { return candidate.source == source; });
  if (at == candidates.end()) return;
  const bool in_force = at == candidates.begin();
  if (in_force) state_->withdraw(*at->entry);
  candidates.erase(at);
  if (in_force && !candidates.empty()) state_->enforce(*candidates.front().entry);
  if (candidates.empty()) state_->candidates.erase(found);
}

void Model::set_rules(Rules rules) {
  for (const auto& [key, candidates] : state_->candidates) state_->withdraw(*candidates.front().entry);
  state_->rules = std::move(rules);
  for (const auto& [key, candidates] : state_->candidates) state_->enforce(*candidates.front().entry);
}

const Rules& Model::rules() const {
  return state_->rules;
}

std::vector<std::string> Model::take_touched() {
  state_->touch_sharers();
  std::vector<std::string> out(state_->touched.begin(), state_->touched.end());
  state_->touched.clear();
  std::sort(out.begin(), out.end());
  return out;
}

LiteralChanges Model::take_literals() {
  return state_->literals.take();
}

std::optional<Host> Model::host(std::string_view name) const {
  const Claims* claims = state_->claims_of(name);
  if (!claims) return std::nullopt;
  return make_host(name, *claims, state_->rules,
                   [&](const Address& address) { return state_->keeper_of(address, name); });
}

std::vector<std::string> Model::host_names() const {
  std::vector<std::string> out;
  out.reserve(state_->hosts.size());
  for (const auto& [name, claims] : state_->hosts) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

const ServiceEntry* Model::entry(const EntryKey& key) const {
  const auto at = state_->candidates.find(key);
  return at == state_->candidates.end() ? nullptr : at->second.front().entry.get();
}

std::optional<unsigned> Model::source_of(const EntryKey& key) const {
  const auto at = state_->candidates.find(key);
  return at == state_->candidates.end() ? std::nullopt : std::optional(at->second.front().source);
}

const Claims* Model::claims(std::string_view host) const {
  return state_->claims_of(host);
}

std::size_t Model::entries() const {
  return state_->candidates.size();
}

std::size_t Model::conflicts() const {
  return static_cast<std::size_t>(std::count_if(state_->shared.begin(), state_->shared.end(), [&](const auto& host) {
    return is_served(host, state_->rules) && is_contested(*state_->claims_of(host));
  }));
}

}  // namespace meridian::mesh
