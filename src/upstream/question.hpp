#pragma once
// The query that goes upstream: nothing of the client's message but its question and the two flags that are end to end.
// Pure but for the caller's random numbers.

#include <cstdint>
#include <span>
#include <vector>

#include "upstream/entropy.hpp"

namespace meridian::upstream {

// Octets that we say we take over UDP: what passes every path without fragments (RFC 9715, 3.2).
inline constexpr std::uint16_t kUpstreamPayload = 1232;

// What is asked, kept for as long as it is being asked.
struct Question {
  std::vector<std::uint8_t> octets;  // name, type, class in wire form, as the client sent them
  bool checking_disabled = false;    // CD (RFC 4035, 3.2.2)
  bool dnssec_ok = false;            // DO (RFC 3225)
};

// A query with id 0, RD=1 and the question; with_edns adds an OPT record without options at its end (RFC 6891, 6.1.1:
// options are hop by hop, and c-ares cuts exactly these 11 octets off where a server knows no EDNS).
std::vector<std::uint8_t> compose_query(const Question& question, bool with_edns);

// The question inside a query of compose_query.
std::span<std::uint8_t> question_of(std::vector<std::uint8_t>& query, const Question& question);

// Gives each letter of the name at the front of `question` a case at random (draft-vixie-dnsext-dns0x20).
void randomize_case(std::span<std::uint8_t> question, Entropy& entropy);

}  // namespace meridian::upstream
