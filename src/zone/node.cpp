#include <meridian/zone/node.hpp>

#include <algorithm>
#include <cassert>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace meridian::zone {
namespace {

// Where ANY looks first (RFC 8482, 4.1: any RRset will do; an apex shows what it is, a host its addresses).
int rank(const dns::RRsetView& rrset) {
  switch (rrset.type) {
    case dns::Type::SOA:
      return 0;
    case dns::Type::A:
      return 1;
    case dns::Type::AAAA:
      return 2;
    default:
      return 3;
  }
}

// What is kept, in the order in which it is kept.
std::vector<dns::RRsetView> sorted(std::span<const dns::RRsetView> rrsets) {
  std::vector<dns::RRsetView> kept;
  kept.reserve(rrsets.size() + 1);
  std::copy_if(rrsets.begin(), rrsets.end(), std::back_inserter(kept), [](const auto& r) { return !r.empty(); });
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return std::pair(rank(a), a.type) < std::pair(rank(b), b.type); });
  assert(std::adjacent_find(kept.begin(), kept.end(), [](auto& a, auto& b) { return a.type == b.type; }) ==
             kept.end() &&
         "one RRset a type");
  assert(kept.size() < 255 && "RRsets are counted in an octet");
  return kept;
}

}  // namespace

NodePtr Node::make(const Contents& contents) {
  static_assert(sizeof(Node) == 8 && sizeof(Item) == 8, "a million nodes: no padding");
  Contents kept = contents;
  const auto rrsets = sorted(contents.rrsets);
  kept.rrsets = rrsets;

  std::size_t size = sizeof(Node) + contents.owner.size();
  for (const auto& rrset : rrsets) size += sizeof(Item) + rrset.records.size();
  if (!contents.meta.empty()) size += sizeof(Item) + contents.meta.records.size();
  return NodePtr(new (::operator new(size)) Node(kept));
}

Node::Node(const Contents& contents)
    : owner_size_(static_cast<std::uint8_t>(contents.owner.size())),
      rrsets_(static_cast<std::uint8_t>(contents.rrsets.size())),
      origin_(contents.origin),
      host_(contents.host),
      pending_(contents.pending),
      has_meta_(!contents.meta.empty()) {
  auto* item = reinterpret_cast<Item*>(this + 1);
  auto* octets =
      std::copy(contents.owner.begin(), contents.owner.end(), reinterpret_cast<std::uint8_t*>(item + items()));
  const auto append = [&](const dns::RRsetView& rrset) {
    const auto size = static_cast<std::uint32_t>(rrset.records.size());
    std::construct_at(item++, Item{rrset.type, rrset.count, size & 0x7fffffffu, rrset.target_is_question});
    octets = std::copy(rrset.records.begin(), rrset.records.end(), octets);
  };
  for (const auto& rrset : contents.rrsets) append(rrset);
  if (has_meta_) append(contents.meta);
}

dns::RRsetView Node::view(unsigned i) const {
  const Item* item = item_begin();
  const std::uint8_t* records = owner_begin() + owner_size_;
  for (; i > 0; --i) records += item++->size;
  return {item->type, item->count, item->target_is_question != 0, {records, item->size}};
}

dns::RRsetView Node::rrset(unsigned i) const {
  assert(i < rrsets_);
  return view(i);
}

dns::RRsetView Node::find(dns::Type type) const {
  const Item* item = item_begin();
  const std::uint8_t* records = owner_begin() + owner_size_;
  for (const Item* end = item + rrsets_; item != end; records += item++->size) {
    if (item->type == type) return {type, item->count, item->target_is_question != 0, {records, item->size}};
  }
  return {};
}

std::size_t Node::size() const {
  std::size_t size = sizeof(Node) + items() * sizeof(Item) + owner_size_;
  for (unsigned i = 0; i < items(); ++i) size += item_begin()[i].size;
  return size;
}

bool Node::same_as(const Node& other) const {
  const auto header = [](const Node& n) {
    return std::tuple(n.owner_size_, n.rrsets_, n.origin_, bool(n.host_), bool(n.pending_), bool(n.has_meta_));
  };
  const auto tail = [](const Node& n) {
    return std::span(reinterpret_cast<const std::uint8_t*>(&n + 1), n.size() - sizeof(Node));
  };
  return header(*this) == header(other) && std::ranges::equal(tail(*this), tail(other));
}

}  // namespace meridian::zone
