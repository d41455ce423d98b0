#include "control/record_text.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace meridian::control {
namespace {

namespace ip = boost::asio::ip;
using Octets = std::span<const std::uint8_t>;

unsigned load16(Octets at) {
  return static_cast<unsigned>(at[0] << 8 | at[1]);
}

template <class Address>
std::string address_text(Octets rdata) {
  typename Address::bytes_type bytes;
  std::copy_n(rdata.begin(), bytes.size(), bytes.begin());
  return Address(bytes).to_string();
}

std::string name_text(Octets wire) {
  return dns::Name::from_wire(wire).to_text();
}

std::string service_text(Octets rdata, const dns::Name& question) {
  std::string text;
  for (const std::size_t at : {0u, 2u, 4u}) text += std::to_string(load16(rdata.subspan(at))) + " ";
  return text + (rdata.size() == 6 ? question.to_text() : name_text(rdata.subspan(6)));
}

std::string strings_text(Octets rdata) {
  std::string text;
  for (std::size_t at = 0; at < rdata.size(); at += 1u + rdata[at]) {
    const auto string = rdata.subspan(at + 1, rdata[at]);
    text += text.empty() ? "\"" : " \"";
    text.append(string.begin(), string.end());
    text += '"';
  }
  return text;
}

std::string soa_text(Octets rdata) {
  const auto skip_name = [](Octets at) {
    std::size_t end = 0;
    while (at[end] != 0) end += 1u + at[end];
    return end + 1;
  };
  const std::size_t first = skip_name(rdata), second = skip_name(rdata.subspan(first));
  std::string text = name_text(rdata.first(first)) + " " + name_text(rdata.subspan(first, second));
  for (auto rest = rdata.subspan(first + second); rest.size() >= 4; rest = rest.subspan(4)) {
    text += " " + std::to_string((std::uint32_t{load16(rest)} << 16) + load16(rest.subspan(2)));
  }
  return text;
}

std::string generic_text(Octets rdata) {
  std::string text = "\\# " + std::to_string(rdata.size()) + " ";
  for (const unsigned octet : rdata) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return text;
}

std::string rdata_text(dns::Type type, Octets rdata, const dns::Name& question) {
  switch (type) {
    case dns::Type::A:
      return address_text<ip::address_v4>(rdata);
    case dns::Type::AAAA:
      return address_text<ip::address_v6>(rdata);
    case dns::Type::NS:
    case dns::Type::PTR:
      return name_text(rdata);
    case dns::Type::SRV:
      return service_text(rdata, question);
    case dns::Type::TXT:
      return strings_text(rdata);
    case dns::Type::SOA:
      return soa_text(rdata);
    default:
      return generic_text(rdata);
  }
}

}  // namespace

std::vector<std::string> record_texts(const dns::RRsetView& rrset, const dns::Name& question) {
  std::vector<std::string> texts;
  auto rest = rrset.records;
  for (unsigned i = 0; i < rrset.count; ++i) {
    const std::size_t size = load16(rest.subspan(8));  // behind TYPE, CLASS, TTL
    texts.push_back(rdata_text(rrset.type, rest.subspan(10, size), question));
    rest = rest.subspan(10 + size);
  }
  return texts;
}

}  // namespace meridian::control
