#include <meridian/mesh/addresses.hpp>

#include <meridian/vip/network.hpp>

namespace meridian::mesh {
namespace {

namespace ip = boost::asio::ip;

bool is_one_address(const vip::Network& network) {
  return network.prefix() == (network.family() == vip::Family::V4 ? 32 : 128);
}

bool is_nobody(const Address& address) {
  return address.is_unspecified() || address == Address(ip::address_v4::broadcast());
}

}  // namespace

Address unmapped(const Address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<Address> parse_address(std::string_view text) {
  const auto network = vip::Network::parse(text);
  if (!network || text.find('/') != text.npos) return std::nullopt;
  return unmapped(network->base());
}

Literal parse_literal(std::string_view text) {
  const auto network = vip::Network::parse(text);
  if (!network) return {std::nullopt, "is neither an address nor a CIDR"};
  if (!is_one_address(*network)) return {};
  const Address address = unmapped(network->base());
  if (is_nobody(address)) return {std::nullopt, "is nobody's address"};
  if (address.is_multicast()) return {address, "is a multicast address, and sidecars do not route those"};
  if (address.is_loopback()) return {address, "is a loopback address, which sidecars may capture"};
  return {address, {}};
}

}  // namespace meridian::mesh
