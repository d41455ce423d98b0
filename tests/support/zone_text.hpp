#pragma once
// Zones for tests, written as lines.

#include <memory>
#include <string_view>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/zone/transaction.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::test {

// Throws std::invalid_argument if `text` is no name.
dns::Name name_of(std::string_view text);

// A zone with ns.dns.<apex>, hostmaster.<apex>, the glue 192.0.2.53 and 2001:db8::53, and all else at its default. A
// reverse zone has ns.dns.global as its NS, and no glue.
zone::Spec spec_of(std::string_view apex, zone::Kind kind = zone::Kind::Owned);

// Puts the lines of `text` into `changes`. A line is an owner, a word and its data; an empty line is nothing:
//   reviews.prod   A       240.0.0.7 240.0.0.8   addresses; the owner is a host
//   reviews.prod   AAAA    fd00::7               lines with one owner add up, whatever their order
//   *.bar          A       240.0.0.9
//   httpbin.bar    NODATA                        a host that exists and has nothing
//   slow.bar       PENDING                       a host whose VIP is not in the ledger yet
//   httpbin.bar    SRV     80 9080               ports, priority 0, weight 100; target: the owner, or the question's
//                                                name below a wildcard
//   _http._tcp.httpbin.bar  SRV 80 httpbin.bar   with a target of its own
//   7.0.0.240.in-addr.arpa. PTR reviews.prod     targets
//   reviews.prod   META    source=a version=7    strings of the TXT at _meta.<owner>
// Names are relative to `origin`, but for those that end with a dot; "@" is the origin. TTL 30. An owner with none but
// SRV and PTR lines is not a host. Throws std::invalid_argument with the line that cannot be read, or whose owner lies
// in no zone.
void put(zone::Transaction& changes, std::string_view text, std::string_view origin = "global");

// A ready ZoneSet of those lines in those zones (default: "global"), serial 1. `ready` false: not synced yet.
std::shared_ptr<const zone::ZoneSet> zones_from(std::string_view text,
                                                std::vector<zone::Spec> specs = {spec_of("global")}, bool ready = true);

}  // namespace meridian::test
