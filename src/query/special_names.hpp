#pragma once
// Names that no resolver may ask about and that are answered here: localhost and those that never exist (RFC 6761,
// 7686, 9462, 9476). Pure.

#include <meridian/dns/name.hpp>
#include <meridian/dns/rrset.hpp>
#include <optional>

namespace meridian::query {

struct SpecialName {
  enum class Kind : std::uint8_t {
    Loopback,  // localhost: A 127.0.0.1, AAAA ::1, NODATA otherwise
    Missing,   // invalid, onion, alt, test: NXDOMAIN
    Empty,     // resolver.arpa: NODATA
  };
  Kind kind;
  std::uint8_t labels;  // of the special name itself, for the owner of its SOA
};

// The special name that `name` is or lies below.
std::optional<SpecialName> special_name(const dns::FoldedName& name);

// 127.0.0.1 or ::1; empty for other types.
dns::RRsetView loopback(dns::Type type);
// The SOA of a negative answer, at the special name (RFC 2308, 3; the values of RFC 6303, 3).
dns::RRsetView special_soa();

}  // namespace meridian::query
