#pragma once
// Replies to forwarded questions: the upstream's message made the client's. Pure: any thread, no allocation.

#include <cstdint>
#include <optional>
#include <span>

#include <meridian/dns/reply.hpp>
#include <meridian/query/respond.hpp>

namespace meridian::query {

// Writes the reply to the client: its id, its question's case, RD and CD as asked, RA=1, AA=0, AD only if it asked for
// it (RFC 6840, 5.7), our OPT instead of the upstream's (hop by hop, RFC 6891, 6.1.1). If it is too big for the client
// additional data is left out; if that is not enough the first records stay whole and TC=1 says that there are more.
// A TC of the upstream is passed on. Records are counted by reply.counts, not by the header of its octets, so that what
// dns::keep() has cut can be told.
// `error` is told beside the reply: where it came from, if not from an upstream just now (RFC 8914).
// `out` is as large as for respond(), and elsewhere than the reply. Returns the size.
std::size_t relay(const dns::Query& query, const dns::Reply& reply, std::optional<dns::ExtendedError> error,
                  const Settings& settings, const Client& client, std::span<std::uint8_t> out);

// SERVFAIL (or another rcode) with an extended error.
std::size_t fail(const dns::Query& query, dns::Rcode rcode, dns::ExtendedError error, const Settings& settings,
                 const Client& client, std::span<std::uint8_t> out);

}  // namespace meridian::query
