#include <algorithm>
#include <bit>
#include <cassert>
#include <meridian/vip/pool.hpp>

namespace meridian::vip {
namespace {

constexpr unsigned kPlaceBits = 63;

std::vector<Network> parse_all(std::initializer_list<const char*> texts) {
  std::vector<Network> networks;
  for (const auto* text : texts) networks.push_back(*Network::parse(text));
  return networks;
}

// Not unicast, or not to be routed: a packet sent there never reaches a sidecar.
const std::vector<Network>& unroutable() {
  static const auto networks = parse_all({"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4",  //
                                          "::/127", "::ffff:0:0/96", "fe80::/10", "ff00::/8"});
  return networks;
}

// Ranges that others give out themselves: Admiral and Istio's documentation, istiod, Submariner; and broadcast's /8.
const std::vector<Network>& taken_by_others() {
  static const auto networks = parse_all({"240.0.0.0/16", "240.240.0.0/16", "242.0.0.0/7", "255.0.0.0/8"});
  return networks;
}

const std::vector<Network>& always() {
  static const auto networks = [] {
    auto all = unroutable();
    all.insert(all.end(), taken_by_others().begin(), taken_by_others().end());
    return all;
  }();
  return networks;
}

bool any_contains(const std::vector<Network>& networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(), [&](const auto& n) { return n.contains(address); });
}

// Network and broadcast address of somebody's /24: some stacks refuse to send there.
bool bad_last_octet(std::uint64_t low) {
  return (low & 0xff) == 0 || (low & 0xff) == 0xff;
}

// Sorted by base, those inside others dropped.
std::vector<Network> disjoint(std::vector<Network> networks) {
  std::sort(networks.begin(), networks.end(), [](const Network& a, const Network& b) {
    return a.base() != b.base() ? a.base() < b.base() : a.prefix() < b.prefix();
  });
  std::vector<Network> kept;
  for (const auto& network : networks) {
    if (kept.empty() || !kept.back().contains(network)) kept.push_back(network);
  }
  return kept;
}

std::uint64_t size_of(const Network& network) {
  const unsigned bits = width_of(network.family()) - network.prefix();
  return std::uint64_t{1} << std::min(bits, kPlaceBits);
}

// Addresses without those that end in a bad last octet.
std::uint64_t good_octets(const Network& network) {
  const auto size = size_of(network);
  if (network.family() == Family::V6) return size;
  if (size >= 256) return size / 256 * 254;
  const auto base = low_bits(network.base());
  return size - (size > 1 ? bad_last_octet(base) + bad_last_octet(base + size - 1) : bad_last_octet(base));
}

// A network less a sorted list of disjoint exclusions.
std::uint64_t count_usable(const Network& network, const std::vector<Network>& excluded) {
  auto left = good_octets(network);
  for (const auto& hole : excluded) {
    if (hole.contains(network)) return 0;
    if (network.contains(hole)) left -= good_octets(hole);
  }
  return left;
}

}  // namespace

Pool::Pool(std::vector<Network> networks, std::vector<Network> excluded) {
  for (std::size_t i = 0; i < networks.size(); ++i) {
    bool inside = false;
    for (std::size_t j = 0; j < networks.size(); ++j) {
      inside = inside || (j != i && networks[j].contains(networks[i]) && (networks[j] != networks[i] || j < i));
    }
    if (!inside) networks_.push_back(networks[i]);
  }
  excluded.insert(excluded.end(), always().begin(), always().end());
  excluded_ = disjoint(std::move(excluded));

  for (const auto& network : networks_) {
    auto& spans = spans_[static_cast<std::size_t>(network.family())];
    const Network reached(network.base(), span_prefix(network));
    spans.push_back({reached, spans.empty() ? 0 : spans.back().first + spans.back().size, size_of(reached)});
  }
}

// The prefix of the part of a network that has places.
unsigned Pool::span_prefix(const Network& network) const {
  if (network.family() == Family::V4) return network.prefix();
  const auto n = std::count_if(networks_.begin(), networks_.end(), [](auto& x) { return x.family() == Family::V6; });
  const auto share = static_cast<unsigned>(n < 2 ? 0 : std::bit_width(static_cast<std::uint64_t>(n) - 1));
  return std::max(network.prefix(), 128 - (kPlaceBits - share));
}

std::optional<std::string> Pool::refuse(const Network& network) {
  for (const auto& bad : unroutable()) {
    if (bad.overlaps(network))
      return network.to_text() + " can't be a VIP pool: " + bad.to_text() + " is no place for services";
  }
  if (count_usable(network, disjoint(always())) == 0) {
    return network.to_text() +
           " can't be a VIP pool: all of it is always excluded (other meshes' ranges, broadcast, last octet 0 or 255)";
  }
  return std::nullopt;
}

bool Pool::always_excluded(const Address& address) {
  return (address.is_v4() && bad_last_octet(low_bits(address))) || any_contains(always(), address);
}

const Network* Pool::exclusion_of(const Address& address) const {
  auto after = std::upper_bound(excluded_.begin(), excluded_.end(), address,
                                [](const Address& a, const Network& n) { return a < n.base(); });
  if (after == excluded_.begin() || !std::prev(after)->contains(address)) return nullptr;
  return &*std::prev(after);
}

bool Pool::excluded(const Address& address) const {
  return (address.is_v4() && bad_last_octet(low_bits(address))) || exclusion_of(address) != nullptr;
}

bool Pool::usable(const Address& address) const {
  return any_contains(networks_, address) && !excluded(address);
}

std::uint64_t Pool::places(Family family) const {
  const auto& all = spans(family);
  return all.empty() ? 0 : all.back().first + all.back().size;
}

const Pool::Span& Pool::span_at(Family family, std::uint64_t place) const {
  assert(place < places(family) && "a place is one of the pool's");
  const auto& all = spans(family);
  return *std::prev(std::upper_bound(all.begin(), all.end(), place, [](auto p, const Span& s) { return p < s.first; }));
}

Address Pool::at(Family family, std::uint64_t place) const {
  const auto& span = span_at(family, place);
  return with_low_bits(span.network.base(), low_bits(span.network.base()) + (place - span.first));
}

std::optional<std::uint64_t> Pool::place_of(const Address& address) const {
  for (const auto& span : spans(family_of(address))) {
    if (span.network.contains(address)) return span.first + (low_bits(address) - low_bits(span.network.base()));
  }
  return std::nullopt;
}

std::uint64_t Pool::usable_in(const Network& network) const {
  return count_usable(Network(network.base(), span_prefix(network)), excluded_);
}

std::uint64_t Pool::usable_in(Family family) const {
  std::uint64_t sum = 0;
  for (const auto& span : spans(family)) sum += count_usable(span.network, excluded_);
  return sum;
}

Pool::Block Pool::usable_block(Family family, std::uint64_t block) const {
  Block bits{};
  const auto end = std::min(places(family), (block + 1) * kBlock);
  for (auto place = block * kBlock; place < end;) {
    const auto& span = span_at(family, place);
    const auto until = std::min(end, span.first + span.size);
    auto low = low_bits(span.network.base()) + (place - span.first);
    const auto next = skip_excluded(family, place);
    if (next > place) {
      place = std::min(next, end);
      continue;
    }
    // Up to the next exclusion or the end of the span, only last octets matter.
    auto stop = until;
    const auto first = at(family, place);
    auto hole = std::upper_bound(excluded_.begin(), excluded_.end(), first,
                                 [](const Address& a, const Network& n) { return a < n.base(); });
    if (hole != excluded_.end() && span.network.contains(*hole)) {
      stop = std::min(stop, span.first + (low_bits(hole->base()) - low_bits(span.network.base())));
    }
    for (; place < stop; ++place, ++low) {
      if (family == Family::V4 && bad_last_octet(low)) continue;
      bits[place % kBlock / 64] |= std::uint64_t{1} << place % 64;
    }
  }
  return bits;
}

std::uint64_t Pool::skip_excluded(Family family, std::uint64_t place) const {
  const auto& span = span_at(family, place);
  const auto* hole = exclusion_of(at(family, place));
  if (!hole) return place;
  if (hole->contains(span.network)) return span.first + span.size;
  return span.first + (low_bits(hole->base()) - low_bits(span.network.base())) + size_of(*hole);
}

}  // namespace meridian::vip
