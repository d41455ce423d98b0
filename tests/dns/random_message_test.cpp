// Properties that hold for any query and any reply, tried on random ones. The seeds are fixed: a failure comes again.

#include <doctest/doctest.h>

#include <algorithm>
#include <meridian/dns/message_builder.hpp>
#include <random>

#include "../support/ldns_oracle.hpp"
#include "wire_text.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;
namespace ip = boost::asio::ip;
namespace oracle = meridian::oracle;

namespace {

using Random = std::mt19937;

void append(Octets& octets, std::span<const std::uint8_t> more) {
  octets.insert(octets.end(), more.begin(), more.end());
}
void append_u16(Octets& octets, unsigned value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}

Name random_name(Random& random, unsigned most_labels) {
  Name result;
  for (auto labels = random() % (most_labels + 1); labels > 0; --labels) {
    std::string label(1 + random() % (random() % 8 == 0 ? 63 : 10), '\0');
    for (char& c : label) c = static_cast<char>(random() % 5 == 0 ? random() : "aZbYcX-_09"[random() % 10]);
    if (const auto longer = result.child(label)) result = *longer;
  }
  return result;
}

// What goes into a query, and the query.
struct Asked {
  Name name;
  std::uint16_t id, type, klass;
  std::uint8_t flags[2];
  bool edns;
  Edns opt;
  Octets packet;
};

Asked random_query(Random& random) {
  Asked asked;
  asked.name = random_name(random, 10);
  asked.id = static_cast<std::uint16_t>(random());
  asked.type = static_cast<std::uint16_t>(random());
  asked.klass = static_cast<std::uint16_t>(random());
  asked.flags[0] = random() & 0x07;  // a query, opcode QUERY
  asked.flags[1] = static_cast<std::uint8_t>(random());
  asked.edns = random() % 2 == 0;
  append_u16(asked.packet, asked.id);
  append(asked.packet, asked.flags);
  for (const unsigned count : {1, 0, 0, asked.edns ? 1 : 0}) append_u16(asked.packet, count);
  append(asked.packet, asked.name.wire());
  append_u16(asked.packet, asked.type);
  append_u16(asked.packet, asked.klass);
  if (!asked.edns) return asked;
  asked.opt.payload = static_cast<std::uint16_t>(random());
  asked.opt.version = random() % 4 == 0 ? 1 : 0;
  asked.opt.dnssec_ok = random() % 2 == 0;
  asked.opt.nsid = random() % 2 == 0;
  asked.opt.tcp_keepalive = random() % 2 == 0;
  append(asked.packet, wire("00 0029"));
  append_u16(asked.packet, asked.opt.payload);
  append_u16(asked.packet, asked.opt.version);
  append_u16(asked.packet, asked.opt.dnssec_ok ? 0x8000 : 0);
  append_u16(asked.packet, (asked.opt.nsid ? 4u : 0u) + (asked.opt.tcp_keepalive ? 4u : 0u));
  if (asked.opt.nsid) append(asked.packet, wire("0003 0000"));
  if (asked.opt.tcp_keepalive) append(asked.packet, wire("000b 0000"));
  return asked;
}

// An RRset, and what ldns should say of each of its records behind the owner.
struct Data {
  RRset rrset;
  std::vector<std::string> texts;
};

Data random_rrset(Random& random) {
  Data data;
  const auto count = 1 + random() % 6;
  const auto text = [](const Name& name) { return name.is_root() ? "." : name.to_text() + "."; };
  std::vector<Name> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(random_name(random, 5));
  switch (random() % 4) {
    case 0: {
      std::vector<ip::address> addresses;
      for (std::size_t i = 0; i < count; ++i) {
        addresses.push_back(ip::address_v4(static_cast<std::uint32_t>(random())));
        data.texts.push_back(" 30 IN A " + addresses.back().to_string());
      }
      data.rrset = RRset::addresses(30, addresses);
      break;
    }
    case 1:
      for (const auto& name : names) data.texts.push_back(" 0 IN PTR " + text(name));
      data.rrset = RRset::ptr(0, names);
      break;
    case 2:
      data.texts.push_back(" 10 IN SOA " + text(names[0]) + " " + text(names.back()) + " 1 2 3 4 5");
      data.rrset = RRset::soa(10, names[0], names.back(), 1, 2, 3, 4, 5);
      break;
    default: {
      const RRset::Service service{1, 2, static_cast<std::uint16_t>(random())};
      data.texts.push_back(" 5 IN SRV 1 2 " + std::to_string(service.port) + " " + text(names[0]));
      data.rrset = RRset::srv(5, {&service, 1}, names.data());
    }
  }
  return data;
}

}  // namespace

TEST_CASE("a query is read as it was written") {
  Random random(1035);
  for (int i = 0; i < 20'000; ++i) {
    const auto asked = random_query(random);
    CAPTURE(asked.packet);
    Query query;
    REQUIRE(parse_query(asked.packet, query) == Fault::None);
    REQUIRE(query.id == asked.id);
    REQUIRE(query.recursion_desired == ((asked.flags[0] & 1) != 0));
    REQUIRE(query.type == Type{asked.type});
    REQUIRE(query.klass == Class{asked.klass});
    REQUIRE(octets(query.question).size() == asked.name.wire().size() + 4);
    REQUIRE(std::ranges::equal(query.question.first(asked.name.wire().size()), asked.name.wire()));
    REQUIRE(std::ranges::equal(query.name.wire(), asked.name.folded().wire()));
    REQUIRE(query.name.labels == asked.name.labels());
    REQUIRE(query.edns.has_value() == asked.edns);
    if (!asked.edns) continue;
    REQUIRE(query.edns->payload == asked.opt.payload);
    REQUIRE(query.edns->version == asked.opt.version);
    REQUIRE(query.edns->dnssec_ok == asked.opt.dnssec_ok);
    REQUIRE(query.edns->nsid == asked.opt.nsid);
    REQUIRE(query.edns->tcp_keepalive == asked.opt.tcp_keepalive);
  }
}

TEST_CASE("whatever becomes of a query, its reply can be read and echoes its question") {
  Random random(8906);
  unsigned good = 0, faulty = 0, dropped = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto packet = random_query(random).packet;
    for (auto changes = random() % 4; changes > 0; --changes) {
      packet[random() % packet.size()] = static_cast<std::uint8_t>(random() % 4 == 0 ? 0xc0 | random() : random());
    }
    if (random() % 8 == 0) packet.resize(random() % packet.size());
    packet.shrink_to_fit();  // so that a sanitizer sees the first octet that is read too far
    CAPTURE(packet);
    Query query;
    const Fault fault = parse_query(packet, query);
    if (fault == Fault::Drop) {
      ++dropped;
      continue;
    }
    ++(fault == Fault::None ? good : faulty);
    Octets out(kMinUdpPayload);
    MessageBuilder reply(query, out, out.size());
    if (query.edns) reply.set_edns({});
    reply.set_rcode(fault == Fault::None ? Rcode::Refused : fault == Fault::NotImp ? Rcode::NotImp : Rcode::FormErr);
    out.resize(reply.finish());
    const auto read = oracle::read_message(out);
    REQUIRE(read.has_value());
    REQUIRE(read->qr);
    REQUIRE(read->id == (packet[0] << 8 | packet[1]));
    REQUIRE(read->opcode == (packet[2] >> 3 & 15));
    REQUIRE(read->question.size() == (query.question.empty() ? 0 : 1));
    REQUIRE(read->edns == query.edns.has_value());
    if (query.question.empty()) continue;
    REQUIRE(query.question.size() <= packet.size() - kHeaderSize);
    REQUIRE(std::equal(query.question.begin(), query.question.end(), out.begin() + kHeaderSize));
  }
  CHECK(good > 1000);
  CHECK(faulty > 1000);
  CHECK(dropped > 1000);
}

TEST_CASE("ldns reads what we compose") {
  Random random(2181);
  for (int i = 0; i < 10'000; ++i) {
    const auto asked = random_query(random);
    CAPTURE(asked.packet);
    Query query;
    REQUIRE(parse_query(asked.packet, query) == Fault::None);
    const auto answer = random_rrset(random), authority = random_rrset(random), additional = random_rrset(random);
    const unsigned skip = static_cast<unsigned>(random() % (query.name.labels + 1u));
    const auto first = static_cast<unsigned>(random());
    Octets out(kMinUdpPayload + random() % 1000);
    MessageBuilder builder(query, out, out.size());
    if (query.edns) builder.set_edns({.error = ExtendedError::Other});
    bool whole = builder.answer(answer.rrset, 0, first);
    whole = whole && builder.authority(authority.rrset, skip);
    const bool courtesy = whole && builder.additional(additional.rrset, skip);
    out.resize(builder.finish());

    Name zone = asked.name;
    for (unsigned label = 0; label < skip; ++label) zone = zone.parent();
    const auto dotted = [](const Name& name) { return name.is_root() ? "." : name.to_text() + "."; };
    const auto read = oracle::read_message(out);
    REQUIRE(read.has_value());
    REQUIRE(read->tc != whole);
    REQUIRE(read->edns == asked.edns);
    for (std::size_t n = 0; n < read->answer.size(); ++n) {
      REQUIRE(read->answer[n] ==
              dotted(asked.name) + answer.texts[(first % answer.texts.size() + n) % answer.texts.size()]);
    }
    for (std::size_t n = 0; n < read->authority.size(); ++n)
      REQUIRE(read->authority[n] == dotted(zone) + authority.texts[n]);
    REQUIRE(read->additional.size() == (courtesy ? additional.texts.size() : 0));
    for (std::size_t n = 0; n < read->additional.size(); ++n) {
      REQUIRE(read->additional[n] == dotted(zone) + additional.texts[n]);
    }
    if (whole) REQUIRE(read->answer.size() + read->authority.size() == answer.texts.size() + authority.texts.size());
  }
}
