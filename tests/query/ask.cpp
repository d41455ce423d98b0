#include "query/ask.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <meridian/dns/message.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "dns/wire_text.hpp"

namespace meridian::test {
namespace {

constexpr std::size_t kGuard = 64;  // octets behind the limit that nobody may touch
constexpr std::uint8_t kUntouched = 0xee;
constexpr std::uint8_t kZ = 0x40;  // in octet 3 (RFC 1035, 4.1.1)

void put_u16(Octets& octets, unsigned value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}

unsigned number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw std::invalid_argument(std::string(text));
  return value;
}

unsigned class_number(std::string_view text) {
  constexpr std::pair<std::string_view, unsigned> kClasses[] = {{"IN", 1}, {"CH", 3}, {"HS", 4}, {"ANY", 255}};
  for (const auto& [name, value] : kClasses) {
    if (text == name) return value;
  }
  return number(text.substr(std::string_view("CLASS").size()));
}

unsigned type_number(std::string_view text) {
  if (text.starts_with("TYPE")) return number(text.substr(4));
  const auto type = dns::type_from_text(text);
  if (type == dns::Type{}) throw std::invalid_argument("no such type: " + std::string(text));
  return static_cast<unsigned>(type);
}

// The words that begin with "+".
struct Words {
  unsigned flags = 0;  // octets 2 and 3 of the header
  bool edns = false;
  unsigned payload = 1232, version = 0;
  bool dnssec_ok = false;
  Octets options;

  void read(std::string_view word) {
    constexpr std::pair<std::string_view, unsigned> kFlags[] = {{"+qr", 0x8000}, {"+aa", 0x0400}, {"+tc", 0x0200},
                                                                {"+rd", 0x0100}, {"+ra", 0x0080}, {"+z", 0x0040},
                                                                {"+ad", 0x0020}, {"+cd", 0x0010}};
    for (const auto& [name, flag] : kFlags) {
      if (word == name) return void(flags |= flag);
    }
    const auto value = word.substr(std::min(word.find('='), word.size() - 1) + 1);
    if (word.starts_with("+opcode=")) return void(flags |= number(value) << 11);
    edns = true;
    if (word == "+edns") return;
    if (word.starts_with("+bufsize=")) return void(payload = number(value));
    if (word.starts_with("+version=")) return void(version = number(value));
    if (word == "+do") return void(dnssec_ok = true);
    if (word == "+nsid") return add("00030000");
    if (word == "+keepalive") return add("000b0000");
    if (word.starts_with("+option=")) return add(value);
    throw std::invalid_argument("no such word: " + std::string(word));
  }
  void add(std::string_view option) {
    const auto octets = dns::test::wire(option);
    options.insert(options.end(), octets.begin(), octets.end());
  }
};

// "drop" and "forward" apart, all that depends on the packet alone.
void check_promises(const dns::Query& query, const query::Settings& settings, const Octets& octets,
                    const oracle::Message& message) {
  CHECK(message.qr);
  CHECK(message.id == query.id);
  CHECK(message.opcode == static_cast<unsigned>(query.opcode));
  CHECK(message.rd == query.recursion_desired);
  CHECK(message.cd == query.checking_disabled);
  CHECK_FALSE(message.ad);
  CHECK((octets[3] & kZ) == 0);
  CHECK(message.question.size() == (query.question.empty() ? 0 : 1));
  REQUIRE(octets.size() >= dns::kHeaderSize + query.question.size());
  CHECK(std::ranges::equal(query.question, std::span(octets).subspan(dns::kHeaderSize, query.question.size())));
  CHECK(message.edns == query.edns.has_value());
  if (message.edns) {
    CHECK(message.edns_version == 0);
    CHECK(message.payload == settings.udp_payload);
    CHECK(message.dnssec_ok == query.edns->dnssec_ok);
  }
}

std::size_t limit_of(const dns::Query& query, const Server& server) {
  if (server.client.tcp) return 65535;
  if (!query.edns) return 512;
  return std::clamp<std::size_t>(query.edns->payload, 512, server.settings.udp_payload);
}

// EDNS options as " name=value"; those whose value is a number in decimal digits, others in hexadecimal ones.
std::string options_text(const Octets& options) {
  std::ostringstream text;
  for (std::size_t at = 0; at < options.size();) {
    const auto u16 = [&](std::size_t i) { return unsigned{options.at(i)} << 8 | options.at(i + 1); };
    const unsigned code = u16(at), size = u16(at + 2);
    at += 4;
    if (code == 15) {
      text << " ede=" << u16(at);
    } else if (code == 11) {
      text << " keepalive=" << u16(at);
    } else {
      text << (code == 3 ? " nsid=" : " " + std::to_string(code) + "=")
           << doctest::StringMaker<Octets>::convert(Octets(&options.at(at), &options.at(at) + size));
    }
    at += size;
  }
  return text.str();
}

}  // namespace

Octets packet_of(std::string_view question) {
  std::istringstream in{std::string(question)};
  std::string name, type, klass = "IN";
  in >> name >> type;
  Words words;
  for (std::string word; in >> word;) {
    if (word.starts_with('+')) {
      words.read(word);
    } else {
      klass = word;
    }
  }
  Octets packet;
  for (const unsigned field : {0x1234u, words.flags, 1u, 0u, 0u, words.edns ? 1u : 0u}) put_u16(packet, field);
  const auto owner = name_of(name);
  packet.insert(packet.end(), owner.wire().begin(), owner.wire().end());
  put_u16(packet, type_number(type));
  put_u16(packet, class_number(klass));
  if (words.edns) {
    packet.push_back(0);
    for (const unsigned field : {41u, words.payload, words.version, words.dnssec_ok ? 0x8000u : 0u}) {
      put_u16(packet, field);
    }
    put_u16(packet, static_cast<unsigned>(words.options.size()));
    packet.insert(packet.end(), words.options.begin(), words.options.end());
  }
  return packet;
}

Reply::Reply(const Server& server, const Octets& packet) {
  dns::Query query;
  const auto fault = dns::parse_query(packet, query);
  const std::size_t limit = limit_of(query, server);
  Octets out(limit + kGuard, kUntouched);
  outcome = query::respond(query, fault, *server.zones, server.settings, server.client, server.turn, out);
  if (outcome.action != query::Outcome::Action::Reply) {
    CHECK(outcome.size == 0);
    return;
  }
  REQUIRE(outcome.size <= limit);
  CHECK(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(limit), out.end(),
                    [](auto octet) { return octet == kUntouched; }));
  octets.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(outcome.size));
  const auto read = oracle::read_message(octets);
  REQUIRE(read.has_value());
  message = *read;
  CHECK(message.rcode == static_cast<unsigned>(outcome.rcode));
  check_promises(query, server.settings, octets, message);
}

std::string Reply::text() const {
  if (outcome.action == query::Outcome::Action::Drop) return "drop";
  if (outcome.action == query::Outcome::Action::Forward) return "forward";
  return text_of(message);
}

std::string text_of(const oracle::Message& message) {
  std::string text = dns::to_text(static_cast<dns::Rcode>(message.rcode));
  const auto flag = [&](bool set, const char* name) { text += set ? name : ""; };
  flag(message.aa, " aa");
  flag(message.tc, " tc");
  flag(message.rd, " rd");
  flag(message.ra, " ra");
  flag(message.ad, " ad");
  flag(message.cd, " cd");
  for (const auto& record : message.answer) text += "; " + record;
  for (const auto& record : message.authority) text += "; authority " + record;
  for (const auto& record : message.additional) text += "; additional " + record;
  if (message.edns) text += "; opt" + std::string(message.dnssec_ok ? " do" : "") + options_text(message.options);
  return text;
}

std::string ask(const Server& server, std::string_view question) {
  return ask(server, packet_of(question));
}

std::string ask(const Server& server, const Octets& packet) {
  return Reply(server, packet).text();
}

void check(const Server& server, std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    CAPTURE(row.title);
    CAPTURE(row.question);
    CHECK(ask(server, row.question) == row.reply);
  }
}

}  // namespace meridian::test
