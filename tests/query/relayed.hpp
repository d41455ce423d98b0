#pragma once
// Upstreams' replies for the tests of relay(), and what the client gets of them.

#include <meridian/dns/message.hpp>
#include <meridian/query/relay.hpp>
#include <string>
#include <string_view>

#include "query/ask.hpp"

namespace meridian::test {

constexpr std::uint16_t kUpstreamId = 0xbeef;

// A reply without faults to `question` ("example.com. IN A"), id kUpstreamId, QR, RA and RD set, an OPT of 1232 octets.
oracle::Message upstream_reply(std::string_view question);
// Its octets, made by ldns.
Octets made(const oracle::Message& message);
// The same with the OPT in front of the last record of the additional section.
Octets made_with_opt_inside(const oracle::Message& message);

// What the client that asked `question` (as for packet_of) gets; the reply must be one that check_reply() believes.
// Checks that ldns can read it, that it is within the client's limit, that it has the client's id and question and that
// it has an OPT if and only if the client sent one. No octet that relay() may not write is touched.
class Relayed {
 public:
  Relayed(std::string_view question, const Octets& upstream, const query::Settings& settings = {},
          const query::Client& client = {});
  Octets octets;
  oracle::Message message;
};

// The same as a text, as text_of().
std::string relayed(std::string_view question, const oracle::Message& upstream, const query::Settings& settings = {},
                    const query::Client& client = {});

}  // namespace meridian::test
