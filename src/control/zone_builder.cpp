#include "control/zone_builder.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include <meridian/mesh/host_name.hpp>

#include "control/zone_specs.hpp"

namespace meridian::control {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kMaxCharacterString = 255;  // RFC 1035, 3.3

std::vector<ip::address> of_family(const std::vector<ip::address>& addresses, bool v4) {
  std::vector<ip::address> family;
  std::ranges::copy_if(addresses, std::back_inserter(family), [v4](const auto& a) { return a.is_v4() == v4; });
  return family;
}

// One character-string each, and not so many that a TXT record can't hold them (RFC 1035, 3.3.14): nothing limits a
// name in a file, nor how many entries may name one host. /explain has all of them.
std::vector<std::string> meta_strings(const Answerable& host) {
  std::vector<std::string> strings;
  for (const auto& entry : host.entries) {
    strings.push_back(("entry=" + entry.key.to_text()).substr(0, kMaxCharacterString));
    strings.push_back(("version=" + entry.version).substr(0, kMaxCharacterString));
  }
  if (host.host.entries.size() > host.entries.size()) {
    strings.push_back("more=" + std::to_string(host.host.entries.size() - host.entries.size()));
  }
  strings.push_back("address=" + host.address_source);
  return strings;
}

}  // namespace

ZoneBuilder::ZoneBuilder(const config::Config& config, ZonePtr zones)
    : config_zones_(config.zones),
      longest_ttl_(config.vip.quarantine / 2),
      owns_reverse_(owns_reverse(config)),
      zones_(std::move(zones)) {
  // The deepest zone of a host is the first that fits.
  std::ranges::sort(config_zones_, [](const auto& a, const auto& b) { return a.name.size() > b.name.size(); });
}

ZoneBuilder::~ZoneBuilder() = default;

zone::Transaction& ZoneBuilder::transaction() {
  if (!transaction_) transaction_ = std::make_unique<zone::Transaction>(zones_);
  return *transaction_;
}

void ZoneBuilder::set_ready(bool ready) {
  transaction().set_ready(ready);
}

std::uint32_t ZoneBuilder::ttl(const mesh::Host& host) const {
  if (host.ttl) return static_cast<std::uint32_t>(std::min(*host.ttl, longest_ttl_).count());
  for (const auto& zone : config_zones_) {
    if (mesh::is_within(host.name, zone.name)) return static_cast<std::uint32_t>(zone.ttl.count());
  }
  return static_cast<std::uint32_t>(config::Zone{}.ttl.count());
}

void ZoneBuilder::put(const Answerable& host) {
  const auto owner = dns::Name::from_text(host.host.name);
  if (!owner) return;  // the decoder lets no such host pass
  Published published{{}, {}, ttl(host.host), host.host.source == mesh::AddressSource::Vip};

  zone::Records records;
  records.host = true;
  records.pending = host.pending;
  for (const bool v4 : {true, false}) {
    const auto addresses = of_family(host.addresses, v4);
    if (!addresses.empty()) records.rrsets.push_back(dns::RRset::addresses(published.ttl, addresses));
  }
  if (!host.addresses.empty() && !host.host.ports.empty()) {
    std::vector<dns::RRset::Service> services;
    for (const auto& port : host.host.ports) services.push_back({0, 100, port.number});
    records.rrsets.push_back(
        dns::RRset::srv(published.ttl, services, mesh::is_wildcard(host.host.name) ? nullptr : &*owner));
  }
  records.meta = dns::RRset::txt(published.ttl, dns::Class::IN, meta_strings(host));
  transaction().replace(*owner, std::move(records));

  if (!mesh::is_wildcard(host.host.name)) {  // neither SRV by name nor PTR for wildcards
    if (!host.addresses.empty()) put_services(host, *owner, published.ttl, published);
    published.addresses.insert(host.addresses.begin(), host.addresses.end());
  }
  supersede(host.host.name, std::move(published));
}

// What the host had published before and has no more goes; what its addresses point back to follows.
void ZoneBuilder::supersede(const std::string& host, Published published) {
  const Published before = std::exchange(published_[host], std::move(published));
  const Published& now = published_[host];
  for (const auto& service : before.services) {
    if (!now.services.contains(service) && !is_host(service)) transaction().remove(service);
  }
  for (const auto& address : before.addresses) {
    if (now.addresses.contains(address)) continue;
    hosts_at_[address].erase(host);
    repointed_.insert(address);
  }
  for (const auto& address : now.addresses) {
    hosts_at_[address].insert(host);
    repointed_.insert(address);
  }
}

bool ZoneBuilder::is_host(const dns::Name& name) const {
  return published_.contains(name.folded().to_text());
}

// _<port name>._<tcp|udp>.<host> (RFC 2782; all Istio protocols but UDP ride on TCP). Where an entry has a host of that
// very name, the host is answered.
void ZoneBuilder::put_services(const Answerable& host, const dns::Name& owner, std::uint32_t ttl,
                               Published& published) {
  for (const auto& port : host.host.ports) {
    const auto proto = owner.child(port.udp ? "_udp" : "_tcp");
    if (!proto) continue;  // no room in 255 octets: the host is answered without it
    auto service = proto->child("_" + port.name);
    if (!service || is_host(*service)) continue;
    const dns::RRset::Service record{0, 100, port.number};
    zone::Records records;
    records.rrsets.push_back(dns::RRset::srv(ttl, {&record, 1}, &owner));
    if (transaction().replace(*service, std::move(records))) published.services.insert(std::move(*service));
  }
}

// The PTR records of an address: the hosts that have it, in their order. Outside the reverse zones only a VIP has any
// (a pin, or one of a pool that is no more): other people's networks are theirs to tell of.
void ZoneBuilder::point_back(const ip::address& address) {
  const auto hosts = hosts_at_.find(address);
  const dns::Name owner = reverse_name(address);
  const bool inside = zones_->enclosing(dns::FoldedName(owner)) != nullptr;
  const auto is_told = [&](const std::string& host) { return inside || (owns_reverse_ && published_.at(host).vip); };
  std::vector<dns::Name> targets;
  std::uint32_t smallest = UINT32_MAX;
  for (const auto& host : hosts->second | std::views::filter(is_told) | std::views::take(kMostRecords)) {
    targets.push_back(*dns::Name::from_text(host));
    smallest = std::min(smallest, published_.at(host).ttl);
  }
  if (hosts->second.empty()) hosts_at_.erase(hosts);
  if (targets.empty()) {
    transaction().remove(owner);
    return;
  }
  zone::Records records;
  records.rrsets.push_back(dns::RRset::ptr(smallest, targets));
  transaction().replace(owner, std::move(records));
}

void ZoneBuilder::remove(const std::string& host) {
  if (!published_.contains(host)) return;
  transaction().remove(*dns::Name::from_text(host));
  supersede(host, {});
  published_.erase(host);
}

ZonePtr ZoneBuilder::commit(const std::function<std::uint32_t()>& next_serial) {
  for (const auto& address : std::exchange(repointed_, {})) point_back(address);
  if (!transaction_) return nullptr;
  const auto transaction = std::move(transaction_);
  if (!transaction->changes_anything()) return nullptr;
  zones_ = transaction->commit(next_serial);
  return zones_;
}

}  // namespace meridian::control
