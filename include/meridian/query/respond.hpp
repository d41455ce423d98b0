#pragma once
// One query in, one decision out: the middle of the life of a query. Pure: any thread, no allocation, no lock.

#include <cstdint>
#include <span>
#include <string>

#include <meridian/dns/message.hpp>
#include <meridian/dns/types.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::query {

// What of the configuration an answer depends on. Immutable while workers hold it.
struct Settings {
  std::uint16_t udp_payload = 1232;  // the most that we send or announce over UDP
  bool forwarding = true;            // there are upstreams
  std::uint16_t tcp_idle = 100;      // announced by edns-tcp-keepalive, in units of 100 ms
  std::string version;               // CHAOS version.bind; empty: REFUSED
  std::string hostname;              // CHAOS hostname.bind and id.server; empty: REFUSED
  std::string nsid;                  // empty: not told
};

// Who asks, and how.
struct Client {
  bool tcp = false;
  bool may_query = true;        // access.queries: the owned zones
  bool may_recurse = true;      // access.recursion
  bool may_introspect = false;  // access.introspect
};

// Where a reply was made, for counters and the query log.
enum class Where : std::uint8_t { Zone, Wildcard, Reverse, Host, Special, Chaos, Cached, Forwarded, Refused, Error };

struct Outcome {
  enum class Action : std::uint8_t { Drop, Reply, Forward };
  Action action = Action::Drop;
  std::size_t size = 0;                    // with Reply: octets written to `out`
  dns::Rcode rcode = dns::Rcode::NoError;  // with Reply
  Where where = Where::Error;
};

// Decides, and composes the reply into `out` (kMaxMessage octets for TCP, settings.udp_payload for UDP suffice).
// `turn` is a number that differs from query to query: it rotates RRsets (the worker's counter, or a random number
// where the zone's order says so: see Spec::order; the worker passes both).
struct Turn {
  std::uint32_t counter = 0;
  std::uint32_t random = 0;
};
Outcome respond(const dns::Query& query, dns::Fault fault, const zone::ZoneSet& zones, const Settings& settings,
                const Client& client, Turn turn, std::span<std::uint8_t> out);

// The most octets that this client can be sent.
std::size_t reply_limit(const dns::Query& query, const Settings& settings, const Client& client);

}  // namespace meridian::query
