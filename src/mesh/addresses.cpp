#include <meridian/mesh/addresses.hpp>

#include <charconv>

namespace meridian::mesh {
namespace {

namespace ip = boost::asio::ip;

// The text with its prefix length cut off; nothing: the prefix is no number from 0 to `bits`.
std::optional<unsigned> parse_prefix(std::string_view text, unsigned bits) {
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc{} || end != text.data() + text.size() || prefix > bits) return std::nullopt;
  return prefix;
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
  boost::system::error_code error;
  const Address address = ip::make_address(text, error);
  if (error || text.find('%') != text.npos) return std::nullopt;
  return unmapped(address);
}

Literal parse_literal(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host_part = text.substr(0, slash);
  const auto address = parse_address(host_part);
  if (!address) return {std::nullopt, "is neither an address nor a CIDR"};
  if (slash != text.npos) {
    const unsigned bits = host_part.find(':') == host_part.npos ? 32 : 128;  // as written: mapped ones count 128
    const auto prefix = parse_prefix(text.substr(slash + 1), bits);
    if (!prefix) return {std::nullopt, "has a prefix length that does not fit its address"};
    if (*prefix < bits) return {};
  }
  if (is_nobody(*address)) return {std::nullopt, "is nobody's address"};
  if (address->is_multicast()) return {address, "is a multicast address, and sidecars do not route those"};
  if (address->is_loopback()) return {address, "is a loopback address, which sidecars may capture"};
  return {address, {}};
}

}  // namespace meridian::mesh
