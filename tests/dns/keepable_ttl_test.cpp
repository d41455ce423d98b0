// The TTLs that keep() writes.

#include <meridian/dns/keepable.hpp>

#include <doctest/doctest.h>

#include "kept.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;

TEST_CASE("additional records are not kept, nor is an OPT, whose flags are no TTL") {
  auto message = reply_to("a.example. IN A", {"a.example. 60 IN A 192.0.2.1"}, {"example. 60 IN NS ns.example."});
  message.additional = {"ns.example. 90000 IN A 192.0.2.53", "ns.example. 80000 IN A 192.0.2.54"};
  message.edns = true;
  message.dnssec_ok = true;
  message.edns_version = 77;
  message.options = {0, 10, 0, 1, 7};
  const Kept kept(message, {.max = 10});
  CHECK(kept.text() == "10 s: a.example. 10 IN A 192.0.2.1");
  CHECK(kept.all.additional == Texts{"ns.example. 10 IN A 192.0.2.53", "ns.example. 10 IN A 192.0.2.54"});
  CHECK(kept.all.edns_version == 77);
  CHECK(kept.all.dnssec_ok);
}

TEST_CASE("TTLs are written within limits") {
  struct {
    const char* title;
    std::string ttl;
    TtlLimits limits;
    std::uint32_t written;
    bool kept;
  } cases[] = {
      {"as it is", "60", {}, 60, true},
      {"at the limit", "3600", {}, 3600, true},
      {"over the limit", "3601", {}, 3600, true},
      {"the largest", "2147483647", {}, 3600, true},
      {"2^31 is large, not 0", "2147483648", {}, 3600, true},
      {"all bits", "4294967295", {.max = 86400}, 86400, true},
      {"0 is not kept", "0", {}, 0, false},
      {"0 is raised", "0", {.min = 5}, 5, true},
      {"short ones are raised", "4", {.min = 5}, 5, true},
      {"others are not", "6", {.min = 5}, 6, true},
      {"0 at most", "60", {.max = 0}, 0, false},
      {"the most wins over the least", "60", {.max = 10, .min = 20}, 10, true},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const std::string rest = " IN A 192.0.2.1", written = "a.example. " + std::to_string(c.written) + rest;
      Kept reply(reply_to("a.example. IN A", {"a.example. " + c.ttl + rest}), c.limits);
      CHECK(reply.text() == (c.kept ? std::to_string(c.written) + " s: " + written : "not kept"));
      // Whether it is kept or not, and in every section.
      auto message = reply_to("a.example. IN A", {"a.example. " + c.ttl + rest}, {"a.example. " + c.ttl + rest}, 2);
      message.additional = {"a.example. " + c.ttl + rest};
      const Kept failed(message, c.limits);
      CHECK_FALSE(failed.keepable.has_value());
      CHECK(failed.all.answer == Texts{written});
      CHECK(failed.all.authority == Texts{written});
      CHECK(failed.all.additional == Texts{written});
    }
  }
}

TEST_CASE("the TTL of a denial") {
  struct {
    const char* title;
    std::string ttl, minimum;
    TtlLimits limits;
    std::uint32_t written;
  } cases[] = {
      {"the minimum", "50", "40", {}, 40},
      {"the TTL", "30", "40", {}, 30},
      {"the limit of denials", "900", "900", {}, 60},
      {"a longer limit", "900", "800", {.negative_max = 10800}, 800},
      {"the limit of all", "900", "800", {.max = 70, .negative_max = 10800}, 70},
      {"2^31 is large", "2147483648", "4294967295", {.negative_max = 10800}, 3600},
      {"a minimum of 0 is raised", "50", "0", {.min = 5}, 5},
      {"no more than a denial may", "50", "40", {.min = 30, .negative_max = 20}, 20},
      {"never", "50", "40", {.negative_max = 0}, 0},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const std::string rest = " IN SOA ns.example. host.example. 1 2 3 4 " + c.minimum;
      const Kept reply(reply_to("a.example. IN A", {}, {"example. " + c.ttl + rest}, 3), c.limits);
      CHECK(reply.all.authority == Texts{"example. " + std::to_string(c.written) + rest});
      CHECK(reply.keepable.has_value() == (c.written != 0));
      if (reply.keepable) CHECK(reply.keepable->seconds == c.written);
    }
  }
}

TEST_CASE("octets behind the reply are not touched, and need not be there") {
  const auto packet = wire("1234 8180 0001 0001 0000 0000 'a' 0001 0001 c00c 0001 0001 ffffffff 0004 c0000201");
  const auto question = wire("'a' 0001 0001");
  const auto reply = check_reply(packet, 0x1234, question, CaseCheck::Exact);
  REQUIRE(reply.has_value());
  Octets copy = packet;  // elsewhere than what was checked
  copy.insert(copy.end(), 8, 0xff);
  const auto kept = keep(copy, *reply, {});
  REQUIRE(kept.has_value());
  CHECK(kept->reply.octets.data() == copy.data());
  CHECK(kept->reply.octets.size() == packet.size());
  CHECK(std::all_of(copy.begin() + static_cast<std::ptrdiff_t>(packet.size()), copy.end(),
                    [](auto o) { return o == 0xff; }));
  CHECK(packet.at(packet.size() - 10) == 0xff);
}
