#pragma once
// What ldns makes of octets and texts: a second opinion, for tests only. Its texts end without a newline.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace meridian::oracle {

using Octets = std::vector<std::uint8_t>;

// A message as ldns reads it; records as in a master file, fields one space apart: "x.global. 30 IN A 240.0.0.2".
struct Message {
  std::uint16_t id = 0;
  unsigned opcode = 0;
  unsigned rcode = 0;  // extended bits of the OPT record included
  bool qr = false, aa = false, tc = false, rd = false, ra = false, ad = false, cd = false;
  std::vector<std::string> question;  // "x.global. IN A"
  std::vector<std::string> answer, authority, additional;
  bool edns = false;  // the rest is meaningful only with this
  unsigned edns_version = 0, payload = 0;
  bool dnssec_ok = false;
  Octets options;  // code, length, data, one after another
};

// nullopt where ldns says that this is no message.
std::optional<Message> read_message(std::span<const std::uint8_t> wire);
// The octets of a message, names compressed. nullopt where ldns can't read a text.
std::optional<Octets> write_message(const Message& message);

// Both with the final dot, as ldns writes names.
std::optional<std::string> name_to_text(std::span<const std::uint8_t> wire);
std::optional<Octets> name_from_text(const std::string& text);

// One record in master-file form to TYPE, CLASS, TTL, RDLENGTH, RDATA, the form of dns::RRsetView.
std::optional<Octets> record_from_text(const std::string& text);

}  // namespace meridian::oracle
