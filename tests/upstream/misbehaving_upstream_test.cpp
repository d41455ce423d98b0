// One upstream that does one thing wrong, alone and with a good one behind it.

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <optional>

#include "support/scripted_upstream.hpp"
#include "upstream/asking.hpp"

using namespace meridian;
using namespace meridian::test;
using std::chrono::milliseconds;

namespace {

using Udp = ScriptedUpstream::Udp;
using Tcp = ScriptedUpstream::Tcp;

// Sends `wrong` and nothing else.
Udp always(std::function<Octets(const Octets&)> wrong) {
  return [wrong = std::move(wrong)](const Octets& query, unsigned) { return std::vector<Step>{{wrong(query)}}; };
}

// Sends `wrong`, and the good reply behind it.
Udp before_the_good_one(std::function<Octets(const Octets&)> wrong) {
  return [wrong = std::move(wrong)](const Octets& query, unsigned) {
    return std::vector<Step>{{wrong(query)}, {replies::address(query)}};
  };
}

Octets changed(Octets octets, std::size_t at, std::uint8_t by) {
  octets[at] ^= by;
  return octets;
}

Octets other_id(const Octets& query) {
  return changed(replies::address(query, 66), 0, 0x40);
}
Octets other_question(const Octets& query) {
  return changed(replies::address(query, 66), replies::kQuestionAt + 1, 0x02);
}
Octets other_type(const Octets& query) {
  auto reply = replies::address(query, 66);
  return changed(reply, reply.size() - 16 - 3, 28);
}
Octets no_reply(const Octets& query) {
  return changed(replies::address(query, 66), 2, 0x80);
}
Octets other_opcode(const Octets& query) {
  return changed(replies::address(query, 66), 2, 0x28);
}
Octets empty(const Octets&) {
  return {};
}
Octets cut(const Octets& query) {
  auto reply = replies::address(query, 66);
  reply.resize(reply.size() - 3);
  return reply;
}
Octets pointer_loop(const Octets& query) {
  auto reply = replies::address(query, 66);
  reply[reply.size() - 15] = static_cast<std::uint8_t>(reply.size() - 16);  // the owner points at itself
  return reply;
}
Octets lying_count(const Octets& query) {
  return changed(replies::address(query, 66), 6, 0xff);
}
Octets garbage(const Octets& query) {
  Octets octets(300, 0xc3);
  octets[0] = query[0];
  octets[1] = query[1];
  return octets;
}
Octets oversized(const Octets& query) {
  return replies::addresses(query, 400);
}  // more than c-ares' buffer holds

Udp silent() {
  return [](const Octets&, unsigned) { return std::vector<Step>{}; };
}
Udp rcode(unsigned code) {
  return always([code](const Octets& query) { return replies::header(query, code); });
}
Udp without_edns_only(unsigned code) {
  return always([code](const Octets& query) {
    return replies::has_edns(query) ? replies::header(query, code) : replies::address(query);
  });
}
Tcp over_tcp(std::function<Octets(const Octets&)> make) {
  return [make = std::move(make)](const Octets& query, unsigned) { return replies::with_length(make(query)); };
}
Octets good(const Octets& query) {
  return replies::address(query);
}

}  // namespace

TEST_CASE("the only upstream misbehaves") {
  const struct {
    const char* title;
    Udp udp;
    Tcp tcp;
    const char* expected;
  } cases[] = {
      {"it is good", always(good), nullptr, "NOERROR 192.0.2.1"},
      {"it says that there is no such name", rcode(3), nullptr, "NXDOMAIN"},
      {"it never answers", silent(), nullptr, "error 23"},
      {"it is slower than the budget",
       [](const Octets& query, unsigned) {
         return std::vector<Step>{{replies::address(query), std::chrono::seconds(30)}};
       },
       nullptr, "error 23"},
      {"it is slower than an attempt, and faster than the budget",
       [](const Octets& query, unsigned number) {
         return number == 0 ? std::vector<Step>{{replies::address(query), milliseconds(600)}} : std::vector<Step>{};
       },
       nullptr, "NOERROR 192.0.2.1"},
      {"the first packet is lost",
       [](const Octets& query, unsigned number) {
         return number == 0 ? std::vector<Step>{} : std::vector<Step>{{replies::address(query)}};
       },
       nullptr, "NOERROR 192.0.2.1"},
      {"it answers twice",
       [](const Octets& query, unsigned) {
         return std::vector<Step>{{replies::address(query)}, {replies::address(query, 66)}};
       },
       nullptr, "NOERROR 192.0.2.1"},

      {"a reply with another id comes first", before_the_good_one(other_id), nullptr, "NOERROR 192.0.2.1"},
      {"a reply to another name comes first", before_the_good_one(other_question), nullptr, "NOERROR 192.0.2.1"},
      {"a reply to another type comes first", before_the_good_one(other_type), nullptr, "NOERROR 192.0.2.1"},
      {"a message with QR=0 comes first", before_the_good_one(no_reply), nullptr, "NOERROR 192.0.2.1"},
      {"another opcode comes first", before_the_good_one(other_opcode), nullptr, "NOERROR 192.0.2.1"},
      {"an empty datagram comes first", before_the_good_one(empty), nullptr, "NOERROR 192.0.2.1"},
      {"a reply that is cut off comes first", before_the_good_one(cut), nullptr, "NOERROR 192.0.2.1"},
      {"a compression loop comes first", before_the_good_one(pointer_loop), nullptr, "NOERROR 192.0.2.1"},
      {"a lying count comes first", before_the_good_one(lying_count), nullptr, "NOERROR 192.0.2.1"},
      {"garbage under the right id comes first", before_the_good_one(garbage), nullptr, "NOERROR 192.0.2.1"},
      {"a datagram over 4096 octets comes first", before_the_good_one(oversized), nullptr, "NOERROR 192.0.2.1"},
      {"only compression loops come", always(pointer_loop), nullptr, "error 23"},
      {"only replies with another id come", always(other_id), nullptr, "error 23"},

      {"a whole reply is larger than c-ares expects",
       always([](const Octets& query) { return replies::addresses(query, 90); }), nullptr, "NOERROR 90 records"},
      {"it answers SERVFAIL", rcode(2), nullptr, "SERVFAIL"},
      {"it refuses", rcode(5), nullptr, "error 22"},
      {"it answers FORMERR to EDNS", without_edns_only(1), nullptr, "NOERROR 192.0.2.1"},
      {"it answers NOTIMP to EDNS", without_edns_only(4), nullptr, "NOERROR 192.0.2.1"},
      {"it answers FORMERR to everything", rcode(1), nullptr, "error 22"},

      {"it truncates, and is whole over TCP", always(replies::truncated), over_tcp(good), "NOERROR 192.0.2.1"},
      {"it truncates, and sends 64 KiB over TCP", always(replies::truncated),
       over_tcp([](const Octets& query) { return replies::addresses(query, 4090); }), "NOERROR 4090 records"},
      {"it truncates, and nobody listens on TCP", always(replies::truncated), nullptr, "NOERROR tc"},
      {"it truncates, and hangs up in the middle", always(replies::truncated),
       [](const Octets& query, unsigned) {
         auto stream = replies::with_length(replies::addresses(query, 1000));
         stream.resize(stream.size() / 2);
         return stream;
       },
       "NOERROR tc"},
      {"it truncates, and hangs up at once", always(replies::truncated),
       [](const Octets&, unsigned) { return Octets{}; }, "NOERROR tc"},
      {"it truncates, and sends a length of zero", always(replies::truncated),
       [](const Octets&, unsigned) {
         return Octets{0, 0};
       },
       "NOERROR tc"},
      {"it truncates, and sends a compression loop over TCP", always(replies::truncated), over_tcp(pointer_loop),
       "NOERROR tc"},
      {"it truncates, and answers SERVFAIL over TCP", always(replies::truncated),
       over_tcp([](const Octets& query) { return replies::header(query, 2); }), "NOERROR tc"},
      {"it truncates over TCP too", always(replies::truncated), over_tcp(replies::truncated), "NOERROR tc"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const ScriptedUpstream upstream(c.udp, c.tcp);
      auto settings = forward_to({upstream.endpoint()});
      if (std::string(c.expected) == "error 23") settings.timeout = milliseconds(600);  // it is waited for to the end
      Asking asking(settings);
      CHECK(asking.ask("www.example.test") == c.expected);
      CHECK(asking.forwarder->in_flight() == 0);
      CHECK(asking.shared.waiting == 0);
      CHECK(asking.counters.forward_in_flight.get() == 0);
    }
  }
}

TEST_CASE("the first of two upstreams misbehaves, and the second answers for it") {
  const struct {
    const char* title;
    Udp udp;
  } cases[] = {
      {"it never answers", silent()},
      {"nobody listens on its port", nullptr},
      {"it answers SERVFAIL", rcode(2)},
      {"it refuses", rcode(5)},
      {"it answers NOTIMP", rcode(4)},
      {"it answers NOTAUTH", rcode(9)},
      {"it answers FORMERR with EDNS and without", rcode(1)},
      {"it sends only replies under another id", always(other_id)},
      {"it sends only garbage", always(garbage)},
      {"it sends only empty datagrams", always(empty)},
      {"it truncates, and nobody listens on TCP", always(replies::truncated)},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      std::optional<ScriptedUpstream> first;
      if (c.udp) first.emplace(c.udp);
      const ScriptedUpstream second(always([](const Octets& query) { return replies::address(query, 2); }));
      Asking asking(forward_to({first ? first->endpoint() : closed_port(), second.endpoint()}));
      CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
      CHECK(second.asked() == 1);
    }
  }
}

TEST_CASE("a server that cuts its answers and is silent over TCP") {
  const ScriptedUpstream cutting(always(replies::truncated));
  const auto endpoint = cutting.endpoint();
  boost::asio::io_context io;  // the kernel takes connections, and nobody reads from them
  const boost::asio::ip::tcp::acceptor silent(io, {endpoint.address, endpoint.port});

  SUBCASE("does not keep the question from others") {
    const ScriptedUpstream second(always([](const Octets& query) { return replies::address(query, 2); }));
    Asking asking(forward_to({endpoint, second.endpoint()}));
    CHECK(asking.ask("www.example.test") == "NOERROR 192.0.2.2");
  }
  SUBCASE("is waited for to the end where there is no other, and is not thought dead") {
    auto settings = forward_to({endpoint});
    settings.timeout = milliseconds(400);
    Asking asking(settings);
    CHECK(asking.ask("www.example.test") == "NOERROR tc");
    CHECK(asking.forwarder->state().front().up);
    CHECK(asking.forwarder->state().front().failures == 0);
  }
}

TEST_CASE("both upstreams say no") {
  const struct {
    const char* title;
    unsigned first, second;
    const char* expected;
  } cases[] = {
      {"SERVFAIL twice is relayed", 2, 2, "SERVFAIL"},
      {"REFUSED twice is an error", 5, 5, "error 22"},
      {"SERVFAIL, then REFUSED", 2, 5, "SERVFAIL"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const ScriptedUpstream first(rcode(c.first)), second(rcode(c.second));
      Asking asking(forward_to({first.endpoint(), second.endpoint()}));
      CHECK(asking.ask("www.example.test") == c.expected);
      CHECK(first.asked() == 1);
      CHECK(second.asked() == 1);
      CHECK(asking.counters.forward_failed.get() == 1);
    }
  }
}

TEST_CASE("with letter cases at random a reply in another case is not believed") {
  const auto lowered = [](const Octets& query) {
    auto reply = replies::address(query, 66);
    for (std::size_t at = replies::kQuestionAt; reply[at] != 0; ++at)
      if (reply[at] >= 'A' && reply[at] <= 'Z') reply[at] |= 0x20;
    return reply;
  };
  const ScriptedUpstream upstream(before_the_good_one(lowered));
  auto settings = forward_to({upstream.endpoint()});
  settings.case_randomization = true;
  Asking asking(settings);
  // 60 letters: that none of them is upper case happens once in 2^60 runs.
  CHECK(asking.ask("abcdefghijklmnopqrstuvwxyzabcd.abcdefghijklmnopqrstuvwxyzabcd.test") == "NOERROR 192.0.2.1");
  CHECK(asking.counters.upstream_rejected.get() >= 1);
}
