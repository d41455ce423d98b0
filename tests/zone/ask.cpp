#include "zone/ask.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/address.hpp>
#include <stdexcept>

#include "support/zone_text.hpp"

namespace meridian::test {
namespace {

using Kind = zone::Match::Kind;

// The addresses of an A or AAAA RRset: RDATA begins behind TYPE, CLASS, TTL and RDLENGTH (RFC 1035, 4.1.3).
template <class Address>
std::string addresses(const dns::RRsetView& rrset, const char* type) {
  typename Address::bytes_type octets;
  std::string text;
  for (auto at = rrset.records.begin(); at != rrset.records.end(); at += octets.size()) {
    at += 10;
    std::copy_n(at, octets.size(), octets.begin());
    text += (text.empty() ? std::string(" ") + type + " " : " ") + Address(octets).to_string();
  }
  return text;
}

std::string text_of(const zone::Node& node) {
  const auto owner = dns::Name::from_wire(node.owner()).to_text();
  return " " + owner + addresses<boost::asio::ip::address_v4>(node.find(dns::Type::A), "A") +
         addresses<boost::asio::ip::address_v6>(node.find(dns::Type::AAAA), "AAAA");
}

std::string text_of(const zone::Match& match) {
  switch (match.kind) {
    case Kind::None:
      return "none";
    case Kind::Exact:
      return "exact" + text_of(*match.node);
    case Kind::Wildcard:
      return "wildcard" + text_of(*match.node);
    case Kind::EmptyNonTerminal:
      return "ent";
    case Kind::Meta:
      return "meta" + text_of(*match.node);
    case Kind::NotReady:
      return "not-ready";
  }
  return "?";
}

}  // namespace

std::string ask(const zone::Zone& zone, std::string_view name) {
  return text_of(zone.lookup(dns::FoldedName(name_of(name))));
}

std::string ask(const zone::ZoneSet& zones, std::string_view name) {
  const dns::FoldedName folded(name_of(name));
  const auto hashed = zones.hashed(folded);
  const zone::Zone* zone = zones.enclosing(hashed);
  CHECK(zone == zones.enclosing(folded));
  if (!zone) zone = zones.any_host();
  if (!zone) return "no zone";
  CHECK(text_of(zone->lookup(hashed)) == text_of(zone->lookup(folded)));
  return text_of(zone->lookup(hashed));
}

const zone::Zone& zone_of(const zone::ZoneSet& zones, std::string_view apex) {
  for (const auto& zone : zones.zones()) {
    if (zone->spec().apex == name_of(apex)) return *zone;
  }
  throw std::invalid_argument("no zone " + std::string(apex));
}

}  // namespace meridian::test
