#include <cassert>
#include <charconv>
#include <meridian/vip/network.hpp>

namespace meridian::vip {
namespace {

namespace ip = boost::asio::ip;

// Octet `i` of a netmask of `prefix` bits.
unsigned mask_octet(unsigned prefix, std::size_t i) {
  const auto before = static_cast<unsigned>(i) * 8;
  if (prefix >= before + 8) return 0xff;
  return prefix <= before ? 0 : 0xffu << (before + 8 - prefix) & 0xffu;
}

template <class Octets>
Octets masked(Octets octets, unsigned prefix) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<unsigned char>(octets[i] & mask_octet(prefix, i));
  }
  return octets;
}

Address base_of(const Address& address, unsigned prefix) {
  if (address.is_v4()) return ip::address_v4(masked(address.to_v4().to_bytes(), prefix));
  return ip::address_v6(masked(address.to_v6().to_bytes(), prefix));  // a scope is no part of a network
}

}  // namespace

Network::Network(const Address& address, unsigned prefix) : base_(base_of(address, prefix)), prefix_(prefix) {
  assert(prefix <= width_of(family()) && "a prefix is no longer than its address");
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(host), error);
  if (error || host.find('%') != host.npos || host.find('\0') != host.npos) return std::nullopt;
  const unsigned width = width_of(family_of(address));
  if (slash == text.npos) return Network(address, width);

  const auto digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (failed != std::errc{} || end != digits.data() + digits.size() || prefix > width) return std::nullopt;
  return Network(address, prefix);
}

bool Network::contains(const Address& address) const {
  return family_of(address) == family() && base_of(address, prefix_) == base_;
}

bool Network::contains(const Network& other) const {
  return other.prefix_ >= prefix_ && contains(other.base_);
}

std::string Network::to_text() const {
  return base_.to_string() + "/" + std::to_string(prefix_);
}

std::uint64_t low_bits(const Address& address) {
  if (address.is_v4()) return address.to_v4().to_uint();
  const auto octets = address.to_v6().to_bytes();
  std::uint64_t low = 0;
  for (std::size_t i = 8; i < octets.size(); ++i) low = low << 8 | octets[i];
  return low;
}

Address with_low_bits(const Address& like, std::uint64_t low) {
  if (like.is_v4()) return ip::address_v4(static_cast<std::uint32_t>(low));
  auto octets = like.to_v6().to_bytes();
  for (std::size_t i = octets.size(); i > 8; --i, low >>= 8) octets[i - 1] = static_cast<unsigned char>(low);
  return ip::address_v6(octets);
}

}  // namespace meridian::vip
