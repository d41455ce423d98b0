#pragma once
// What keep() makes of a reply that is written as text.

#include <doctest/doctest.h>

#include <algorithm>
#include <meridian/dns/keepable.hpp>
#include <string>
#include <vector>

#include "../support/ldns_oracle.hpp"
#include "wire_text.hpp"

namespace meridian::dns::test {

using Texts = std::vector<std::string>;

// A reply to `question` ("example.com. IN A") with an OPT whose TTL field has all flags set.
inline oracle::Message reply_to(const std::string& question, Texts answer, Texts authority = {}, unsigned rcode = 0) {
  oracle::Message message;
  message.id = 0x1234;
  message.qr = true;
  message.question = {question};
  message.rcode = rcode;
  message.answer = std::move(answer);
  message.authority = std::move(authority);
  return message;
}

// Calls keep() with octets that have no neighbours to read or write, and checks what holds for every reply: nothing but
// TTLs has changed, and what is kept is as its counts, offsets and seconds say, in the eyes of ldns.
class Kept {
 public:
  Kept(const Octets& packet, const TtlLimits& limits) : octets(packet) {
    std::size_t question = 12;
    while (octets.at(question) != 0) question += 1u + octets[question];
    question += 5;
    const auto reply = check_reply(octets, read_id(), std::span(octets).subspan(12, question - 12), CaseCheck::Exact);
    REQUIRE(reply.has_value());
    keepable = keep(octets, *reply, limits);
    const auto read = oracle::read_message(octets);
    REQUIRE(read.has_value());
    all = *read;
    check_untouched(packet);
    if (keepable) check_kept();
  }
  Kept(const oracle::Message& message, const TtlLimits& limits) : Kept(made(message), limits) {}

  Octets octets;                     // as keep() left them
  oracle::Message all;               // the same in the eyes of ldns
  std::optional<Keepable> keepable;  // its octets are those
  oracle::Message kept;              // what may be told again; meaningful with keepable

  // "not kept", or as "60 s: RECORD, RECORD / RECORD", with "denial" behind the seconds of one, authority behind "/".
  std::string text() const {
    if (!keepable) return "not kept";
    std::string line = std::to_string(keepable->seconds) + (keepable->denial ? " s denial:" : " s:");
    for (const auto& record : kept.answer) line += (line.ends_with(':') ? " " : ", ") + record;
    if (!kept.authority.empty()) line += " /";
    for (const auto& record : kept.authority) line += (line.ends_with('/') ? " " : ", ") + record;
    return line;
  }

  static Octets made(const oracle::Message& message) {
    const auto octets = oracle::write_message(message);
    REQUIRE(octets.has_value());
    return *octets;
  }

 private:
  std::uint16_t read_id() const { return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]); }

  static std::string without_ttl(const std::string& record) {
    const auto begin = record.find(' '), end = record.find(' ', begin + 1);
    return record.substr(0, begin) + record.substr(end);
  }
  static std::uint32_t ttl_of(const std::string& record) {
    return static_cast<std::uint32_t>(std::stoul(record.substr(record.find(' '))));
  }

  void check_untouched(const Octets& packet) const {
    const auto before = oracle::read_message(packet);
    REQUIRE(before.has_value());
    const auto compare = [](const Texts& ours, const Texts& theirs) {
      REQUIRE(ours.size() == theirs.size());
      for (std::size_t i = 0; i < ours.size(); ++i) REQUIRE(without_ttl(ours[i]) == without_ttl(theirs[i]));
    };
    compare(all.answer, before->answer);
    compare(all.authority, before->authority);
    compare(all.additional, before->additional);
    REQUIRE(std::equal(packet.begin(), packet.begin() + 12, octets.begin()));
    REQUIRE(all.edns == before->edns);
    REQUIRE(all.edns_version == before->edns_version);
    REQUIRE(all.dnssec_ok == before->dnssec_ok);
    REQUIRE(all.options == before->options);
  }

  void check_kept() {
    const Reply& reply = keepable->reply;
    REQUIRE(reply.octets.data() == octets.data());
    REQUIRE(reply.octets.size() <= octets.size());
    CHECK(reply.opt_begin == 0);
    CHECK(reply.opt_end == 0);
    Octets copy(reply.octets.begin(), reply.octets.end());
    for (std::size_t section = 0; section < 3; ++section) {
      copy[6 + 2 * section] = static_cast<std::uint8_t>(reply.counts[section] >> 8);
      copy[7 + 2 * section] = static_cast<std::uint8_t>(reply.counts[section]);
    }
    const auto again =
        check_reply(copy, read_id(), std::span(copy).subspan(12, reply.question_end - 12), CaseCheck::Exact);
    REQUIRE(again.has_value());
    CHECK(again->octets.size() == copy.size());
    kept = *oracle::read_message(copy);
    CHECK(kept.additional.empty());
    CHECK_FALSE(kept.edns);
    CHECK(kept.answer == all.answer);
    CHECK(std::equal(kept.authority.begin(), kept.authority.end(), all.authority.begin()));

    // What is written at the offsets is what ldns reads as TTLs, record by record.
    REQUIRE(keepable->records == kept.answer.size() + kept.authority.size());
    CHECK(keepable->seconds == std::ranges::min(ttls(kept)));
    for (std::uint8_t i = 0; i < keepable->records; ++i) {
      for (const std::size_t octet : {0, 1, 2}) copy.at(keepable->ttls[i] + octet) = 0;
      copy.at(keepable->ttls[i] + 3u) = i;
    }
    const auto counted = ttls(*oracle::read_message(copy));
    for (std::size_t i = 0; i < counted.size(); ++i) REQUIRE(counted[i] == i);
  }

  static std::vector<std::uint32_t> ttls(const oracle::Message& message) {
    std::vector<std::uint32_t> all;
    for (const auto& record : message.answer) all.push_back(ttl_of(record));
    for (const auto& record : message.authority) all.push_back(ttl_of(record));
    return all;
  }
};

}  // namespace meridian::dns::test
