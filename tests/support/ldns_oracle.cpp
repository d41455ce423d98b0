#include "ldns_oracle.hpp"

#include <cstdlib>
#include <memory>

#include <ldns/ldns.h>  // last: behind it clang 14 can't read the standard library any more

namespace meridian::oracle {
namespace {

// ldns hands out C objects, each with its own way to be freed.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Packet = std::unique_ptr<ldns_pkt, Freed<ldns_pkt_free>>;
using Record = std::unique_ptr<ldns_rr, Freed<ldns_rr_free>>;
using Field = std::unique_ptr<ldns_rdf, Freed<ldns_rdf_deep_free>>;
using CString = std::unique_ptr<char, Freed<std::free>>;
using COctets = std::unique_ptr<std::uint8_t, Freed<std::free>>;

// ldns writes tabs between fields, a newline or a comment behind the last.
std::string one_line(const char* text) {
  std::string line;
  for (; *text != '\0' && *text != '\n'; ++text) {
    const char c = *text == '\t' ? ' ' : *text;
    if (c != ' ' || (!line.empty() && line.back() != ' ')) line.push_back(c);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::vector<std::string> lines(const ldns_rr_list* records) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    texts.push_back(one_line(CString(ldns_rr2str(ldns_rr_list_rr(records, i))).get()));
  }
  return texts;
}

// Reads the texts of a section into the packet, which owns the records from then on.
bool push(ldns_pkt* packet, ldns_pkt_section section, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    ldns_rr* record = nullptr;
    const auto status = section == LDNS_SECTION_QUESTION
                            ? ldns_rr_new_question_frm_str(&record, text.c_str(), nullptr, nullptr)
                            : ldns_rr_new_frm_str(&record, text.c_str(), 0, nullptr, nullptr);
    if (status != LDNS_STATUS_OK) return false;
    ldns_pkt_push_rr(packet, section, record);
  }
  return true;
}

}  // namespace

std::optional<Message> read_message(std::span<const std::uint8_t> wire) {
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, wire.data(), wire.size()) != LDNS_STATUS_OK) return std::nullopt;
  const Packet packet(raw);
  Message message;
  message.id = ldns_pkt_id(raw);
  message.opcode = ldns_pkt_get_opcode(raw);
  message.rcode = ldns_pkt_get_rcode(raw);
  message.qr = ldns_pkt_qr(raw);
  message.aa = ldns_pkt_aa(raw);
  message.tc = ldns_pkt_tc(raw);
  message.rd = ldns_pkt_rd(raw);
  message.ra = ldns_pkt_ra(raw);
  message.ad = ldns_pkt_ad(raw);
  message.cd = ldns_pkt_cd(raw);
  message.question = lines(ldns_pkt_question(raw));
  message.answer = lines(ldns_pkt_answer(raw));
  message.authority = lines(ldns_pkt_authority(raw));
  message.additional = lines(ldns_pkt_additional(raw));
  message.edns = ldns_pkt_edns(raw);
  if (message.edns) {
    message.rcode |= static_cast<unsigned>(ldns_pkt_edns_extended_rcode(raw)) << 4;
    message.edns_version = ldns_pkt_edns_version(raw);
    message.payload = ldns_pkt_edns_udp_size(raw);
    message.dnssec_ok = ldns_pkt_edns_do(raw);
    if (const auto* options = ldns_pkt_edns_data(raw)) {
      message.options.assign(ldns_rdf_data(options), ldns_rdf_data(options) + ldns_rdf_size(options));
    }
  }
  return message;
}

std::optional<Octets> write_message(const Message& message) {
  const Packet packet(ldns_pkt_new());
  ldns_pkt* const raw = packet.get();
  ldns_pkt_set_id(raw, message.id);
  ldns_pkt_set_opcode(raw, static_cast<ldns_pkt_opcode>(message.opcode));
  ldns_pkt_set_rcode(raw, static_cast<std::uint8_t>(message.rcode & 15));
  ldns_pkt_set_qr(raw, message.qr);
  ldns_pkt_set_aa(raw, message.aa);
  ldns_pkt_set_tc(raw, message.tc);
  ldns_pkt_set_rd(raw, message.rd);
  ldns_pkt_set_ra(raw, message.ra);
  ldns_pkt_set_ad(raw, message.ad);
  ldns_pkt_set_cd(raw, message.cd);
  if (!push(raw, LDNS_SECTION_QUESTION, message.question) || !push(raw, LDNS_SECTION_ANSWER, message.answer) ||
      !push(raw, LDNS_SECTION_AUTHORITY, message.authority) ||
      !push(raw, LDNS_SECTION_ADDITIONAL, message.additional)) {
    return std::nullopt;
  }
  if (message.edns) {
    ldns_pkt_set_edns_udp_size(raw, static_cast<std::uint16_t>(message.payload));
    ldns_pkt_set_edns_version(raw, static_cast<std::uint8_t>(message.edns_version));
    ldns_pkt_set_edns_extended_rcode(raw, static_cast<std::uint8_t>(message.rcode >> 4));
    ldns_pkt_set_edns_do(raw, message.dnssec_ok);
    if (!message.options.empty()) {
      const auto& options = message.options;
      ldns_pkt_set_edns_data(raw, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, options.size(), options.data()));
    }
  }
  std::uint8_t* octets = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&octets, raw, &size) != LDNS_STATUS_OK) return std::nullopt;
  const COctets owned(octets);
  return Octets(octets, octets + size);
}

std::optional<std::string> name_to_text(std::span<const std::uint8_t> wire) {
  ldns_rdf* raw = nullptr;
  std::size_t at = 0;
  if (ldns_wire2dname(&raw, wire.data(), wire.size(), &at) != LDNS_STATUS_OK) return std::nullopt;
  const Field name(raw);
  if (at != wire.size()) return std::nullopt;
  return CString(ldns_rdf2str(raw)).get();
}

std::optional<Octets> name_from_text(const std::string& text) {
  ldns_rdf* raw = nullptr;
  if (ldns_str2rdf_dname(&raw, text.c_str()) != LDNS_STATUS_OK) return std::nullopt;
  const Field name(raw);
  return Octets(ldns_rdf_data(raw), ldns_rdf_data(raw) + ldns_rdf_size(raw));
}

std::optional<Octets> record_from_text(const std::string& text) {
  ldns_rr* raw = nullptr;
  if (ldns_rr_new_frm_str(&raw, text.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK) return std::nullopt;
  const Record record(raw);
  std::uint8_t* octets = nullptr;
  std::size_t size = 0;
  if (ldns_rr2wire(&octets, raw, LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK) return std::nullopt;
  const COctets owned(octets);
  const std::size_t owner = ldns_rdf_size(ldns_rr_owner(raw));
  return Octets(octets + owner, octets + size);
}

}  // namespace meridian::oracle
