#include <meridian/zone/draft.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace meridian::zone {
namespace {

using Addresses = std::vector<boost::asio::ip::address>;

std::vector<dns::RRset> address_rrsets(std::uint32_t ttl, const Addresses& addresses) {
  Addresses v4;
  Addresses v6;
  for (const auto& address : addresses) {
    Addresses& family = address.is_v4() ? v4 : v6;
    if (std::find(family.begin(), family.end(), address) == family.end()) family.push_back(address);
  }
  std::vector<dns::RRset> rrsets;
  for (const Addresses* family : {&v4, &v6}) {
    if (!family->empty()) rrsets.push_back(dns::RRset::addresses(ttl, *family));
  }
  return rrsets;
}

bool is_wildcard(std::span<const std::uint8_t> owner) {
  return owner.size() > kWildcardLabel.size() &&
         std::equal(kWildcardLabel.begin(), kWildcardLabel.end(), owner.begin());
}

NodePtr empty_non_terminal(std::span<const std::uint8_t> owner) {
  return Node::make({.owner = owner});
}

}  // namespace

Draft::Draft(Spec spec, const NameHash& hash, std::uint32_t serial) {
  const bool authoritative = spec.kind != Kind::AnyHost;
  const bool ns_inside = authoritative && spec.ns.is_within(spec.apex);
  const auto labels = static_cast<std::uint8_t>(spec.apex.labels());
  auto ns = dns::RRset::ns(spec.ttl, spec.ns);
  auto glue = address_rrsets(spec.ttl, spec.ns_addresses);
  const auto frame = std::make_shared<const Zone::Frame>(
      Zone::Frame{std::move(spec), hash, labels, std::move(ns), ns_inside, std::move(glue)});
  zone_ = std::shared_ptr<Zone>(new Zone(frame, serial));

  const dns::FoldedName apex(frame->spec.apex);
  const HashedName hashed_apex(apex, hash);
  put(hashed_apex, own_node(hashed_apex));
  const dns::FoldedName target(frame->spec.ns);
  const HashedName hashed_target(target, hash);
  if (ns_inside && !is_apex(hashed_target)) put(hashed_target, own_node(hashed_target));
}

Draft::Draft(const Zone& base) : zone_(new Zone(base)) {}

bool Draft::is_apex(const HashedName& name) const {
  return name.name().labels == zone_->apex_labels();
}

// What the zone itself has at a name: null if nothing.
NodePtr Draft::own_node(const HashedName& name) const {
  const auto owner = name.name().wire();
  const Zone::Frame& frame = *zone_->frame_;
  std::vector<dns::RRsetView> rrsets;
  if (is_apex(name)) {
    if (!zone_->authoritative()) return empty_non_terminal(owner);  // the root of all other hosts: a place to hang them
    rrsets = {zone_->soa(), zone_->ns()};
  }
  const bool target = frame.ns_inside && std::ranges::equal(owner, frame.spec.ns.folded().wire());
  if (target) rrsets.insert(rrsets.end(), frame.glue.begin(), frame.glue.end());
  if (!target && rrsets.empty()) return nullptr;
  return Node::make({.owner = owner, .origin = Node::Origin::Spec, .rrsets = rrsets});
}

void Draft::replace(const HashedName& name, const Records& records) {
  std::vector<dns::RRsetView> rrsets(records.rrsets.begin(), records.rrsets.end());
  if (is_apex(name) && zone_->authoritative()) {
    std::erase_if(rrsets, [](const auto& r) { return r.type == dns::Type::SOA || r.type == dns::Type::NS; });
    rrsets.insert(rrsets.end(), {zone_->soa(), zone_->ns()});
  }
  put(name, Node::make({.owner = name.name().wire(),
                        .origin = Node::Origin::Entry,
                        .host = records.host,
                        .pending = records.pending,
                        .rrsets = rrsets,
                        .meta = records.meta}));
}

bool Draft::remove(const HashedName& name) {
  const Entry* entry = zone_->table_.find(name.suffix(0));
  if (!entry || entry->node->origin() != Node::Origin::Entry) return false;
  if (auto own = own_node(name)) {
    put(name, std::move(own));
  } else if (entry->children > 0) {
    put(name, empty_non_terminal(name.name().wire()));
  } else {
    unlink(name);
  }
  return true;
}

void Draft::set_serial(std::uint32_t serial) {
  zone_->set_serial(serial);
  if (!zone_->authoritative()) return;

  const dns::FoldedName apex(zone_->spec().apex);
  NodePtr& node = zone_->table_.edit(HashedName(apex, zone_->frame_->hash).suffix(0))->node;
  std::vector<dns::RRsetView> rrsets = {zone_->soa()};
  for (unsigned i = 0; i < node->rrsets(); ++i) {
    if (node->rrset(i).type != dns::Type::SOA) rrsets.push_back(node->rrset(i));
  }
  node = Node::make({.owner = node->owner(),
                     .origin = node->origin(),
                     .host = node->host(),
                     .pending = node->pending(),
                     .rrsets = rrsets,
                     .meta = node->meta()});
}

void Draft::put(const HashedName& name, NodePtr node) {
  const Key key = name.suffix(0);
  const Entry* before = zone_->table_.find(key);
  if (before && before->node->same_as(*node)) return;

  count(*node, 1);
  if (before) {
    count(*before->node, -1);
    zone_->table_.edit(key)->node = std::move(node);
  } else {
    zone_->table_.insert(std::move(node), key.hash);
    link(name);
  }
  changed_ = true;
}

// Tells the ancestors of a name that is new, and makes those that are new too.
void Draft::link(const HashedName& name) {
  const unsigned below = name.name().labels - zone_->apex_labels();
  for (unsigned skip = 1; skip <= below; ++skip) {
    const Key key = name.suffix(skip);
    Entry* parent = zone_->table_.edit(key);
    const bool existed = parent != nullptr;
    if (!existed) {
      NodePtr node = empty_non_terminal(key.name);
      count(*node, 1);
      parent = &zone_->table_.insert(std::move(node), key.hash);
    }
    parent->children += 1;
    if (name.name().label(skip - 1) == "*") parent->wildcard_child = 1;
    if (existed) return;
  }
}

// Takes a name away that has nothing below it, and the ancestors that existed because of it alone.
void Draft::unlink(const HashedName& name) {
  const unsigned below = name.name().labels - zone_->apex_labels();
  for (unsigned skip = 0; skip < below; ++skip) {
    count(*zone_->table_.find(name.suffix(skip))->node, -1);
    zone_->table_.erase(name.suffix(skip));
    Entry* parent = zone_->table_.edit(name.suffix(skip + 1));
    parent->children -= 1;
    if (name.name().label(skip) == "*") parent->wildcard_child = 0;
    if (parent->children > 0 || parent->node->has_data()) break;
  }
  changed_ = true;
}

void Draft::count(const Node& node, std::ptrdiff_t times) {
  if (node.host()) zone_->hosts_ += times;
  if (is_wildcard(node.owner())) zone_->wildcards_ += times;
}

}  // namespace meridian::zone
