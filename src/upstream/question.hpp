#pragma once
// What is asked: the query that goes upstream, and the key that its answer is kept under. Pure but for the caller's
// random numbers.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "upstream/cache.hpp"
#include "upstream/entropy.hpp"
#include "upstream/questions_in_flight.hpp"

namespace meridian::upstream {

// Octets that we say we take over UDP: what passes every path without fragments (RFC 9715, 3.2).
inline constexpr std::uint16_t kUpstreamPayload = 1232;

// A question, kept for as long as it is being asked. Immutable.
struct Question {
  using Octets = boost::container::small_vector<std::uint8_t, 64>;  // names are short: no allocation for most

  Question() = default;
  Question(const dns::Query& query, const Cache::Key& kept_under);  // copies

  Octets octets;                   // name, type, class in wire form, as the client sent them
  bool checking_disabled = false;  // CD (RFC 4035, 3.2.2)
  bool dnssec_ok = false;          // DO (RFC 3225)

  // Two questions with one key get one answer.
  QuestionKey key() const { return {{reinterpret_cast<const char*>(key_.data()), key_.size()}, hash_}; }
  Cache::Key cache_key() const;

 private:
  Octets key_;  // name in lower case, type, class, flags
  std::uint64_t hash_ = 0;
};

// A query with id 0, RD=1, AD=1 (RFC 6840, 5.7: what is kept is told to those who want to know, too) and the question;
// with_edns adds an OPT record without options at its end (RFC 6891, 6.1.1: options are hop by hop, and c-ares cuts
// exactly these 11 octets off where a server knows no EDNS).
std::vector<std::uint8_t> compose_query(const Question& question, bool with_edns);

// The question inside a query of compose_query.
std::span<std::uint8_t> question_of(std::vector<std::uint8_t>& query, const Question& question);

// Gives each letter of the name at the front of `question` a case at random (draft-vixie-dnsext-dns0x20).
void randomize_case(std::span<std::uint8_t> question, Entropy& entropy);

}  // namespace meridian::upstream
