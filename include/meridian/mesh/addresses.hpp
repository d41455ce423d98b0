#pragma once
// The addresses that people and istiod write into an entry: what of them can be served. Pure.

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::mesh {

using Address = boost::asio::ip::address;

// ::ffff:a.b.c.d is a.b.c.d (RFC 4291, 2.5.5.2): Envoy compares the address of the packet, which is the v4 one.
// Everything else stays as it is.
Address unmapped(const Address& address);

// One address, mapped ones unmapped. Nothing: it is none, or it has a scope ("%eth0"), which means nothing elsewhere.
std::optional<Address> parse_address(std::string_view text);

// What one text in spec.addresses or status.addresses comes to. `note` ends a sentence that begins with the text.
//
//   address, no note    served                                  240.0.0.2, 240.0.0.2/32, ::ffff:240.0.0.2
//   address, note       served, and the operator should know    224.0.0.9, 127.0.0.9, ff02::9, ::1
//   no address, note    dropped                                 0.0.0.0, 255.255.255.255, ::, rubbish
//   neither             a CIDR wider than one address: fine with Envoy, nothing that DNS could say
struct Literal {
  std::optional<Address> address;
  std::string note;
};
Literal parse_literal(std::string_view text);

}  // namespace meridian::mesh
