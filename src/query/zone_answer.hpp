#pragma once
// Answers from a zone: RRsets, glue, NODATA, NXDOMAIN.

#include <meridian/query/respond.hpp>
#include <optional>

#include "composer.hpp"

namespace meridian::query {

// `name`: the question's, hashed by the zones' ZoneSet.
// The answer of an owned or reverse zone. nullopt: the name does not exist and the zone says `unknown: forward`.
std::optional<Outcome> answer_from_zone(const dns::Query& query, const zone::HashedName& name, const zone::Zone& zone,
                                        const Client& client, Turn turn, Composer& reply);

// NXDOMAIN with the zone's SOA.
Outcome deny(const dns::Query& query, const zone::Zone& zone, Composer& reply);

// A and AAAA of a host outside the owned zones (`serve-hosts: any`), and the PTR of an address outside the reverse
// zones. nullopt: there is none, or the type is another, which is forwarded. `special`: the name never is (RFC 6761),
// so that all types of a host are answered here, and none with the NXDOMAIN that would deny its addresses too.
std::optional<Outcome> answer_any_host(const dns::Query& query, const zone::HashedName& name, const zone::Zone& hosts,
                                       bool special, const Client& client, Turn turn, Composer& reply);

}  // namespace meridian::query
