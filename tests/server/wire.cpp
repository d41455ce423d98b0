#include "server/wire.hpp"

#include <boost/asio/ip/address_v4.hpp>

namespace meridian::test {

namespace {

constexpr std::size_t kHeader = 12;

void put16(Octets& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t question_end(std::span<const std::uint8_t> message) {
  std::size_t at = kHeader;
  while (at < message.size() && message[at] != 0) at += 1u + message[at];
  return at + 5;
}

}  // namespace

Octets query_for(std::string_view name, std::uint16_t type, std::uint16_t id) {
  Octets out;
  for (const unsigned field : {unsigned{id}, 0x0100u, 1u, 0u, 0u, 0u}) put16(out, field);
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out.push_back(0);
  put16(out, type);
  put16(out, 1);
  return out;
}

Octets framed(const Octets& message) {
  Octets out;
  put16(out, static_cast<unsigned>(message.size()));
  return out += message;
}

Octets& operator+=(Octets& to, const Octets& more) {
  to.insert(to.end(), more.begin(), more.end());
  return to;
}

std::uint16_t id_of(std::span<const std::uint8_t> message) {
  return message.size() < 2 ? 0 : static_cast<std::uint16_t>(message[0] << 8 | message[1]);
}

std::string summary(std::span<const std::uint8_t> reply) {
  if (reply.size() < kHeader) return "no reply";
  if (!(reply[2] & 0x80)) return "not a response";
  static constexpr const char* kRcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  const unsigned rcode = reply[3] & 0x0f;
  std::string text = rcode < std::size(kRcodes) ? kRcodes[rcode] : "RCODE" + std::to_string(rcode);
  const std::size_t rdata = question_end(reply) + 12;  // owner is a pointer
  const bool address = reply[7] > 0 && rdata + 4 <= reply.size() && reply[rdata - 9] == kA;
  if (!address) return text;
  boost::asio::ip::address_v4::bytes_type octets{reply[rdata], reply[rdata + 1], reply[rdata + 2], reply[rdata + 3]};
  return text + " " + boost::asio::ip::address_v4(octets).to_string();
}

std::string question_of(std::span<const std::uint8_t> message) {
  std::string name;
  for (std::size_t at = kHeader; at < message.size() && message[at] != 0; at += 1u + message[at]) {
    if (!name.empty()) name += '.';
    name.append(reinterpret_cast<const char*>(message.data()) + at + 1, message[at]);
  }
  return name;
}

Octets answer_to(std::span<const std::uint8_t> query, std::string_view address) {
  const auto question = query.first(question_end(query));
  Octets out(question.begin(), question.end());
  out[2] |= 0x80;
  out[3] = 0x80;
  out[7] = 1;             // one answer
  out[10] = out[11] = 0;  // no OPT
  for (const unsigned field : {0xc00cu, unsigned{kA}, 1u, 0u, 30u, 4u}) put16(out, field);
  for (const auto octet : boost::asio::ip::make_address_v4(address).to_bytes()) out.push_back(octet);
  return out;
}

}  // namespace meridian::test
