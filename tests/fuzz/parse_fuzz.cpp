// Any octets as a query. Beyond what the sanitizers see: the reply that we compose to a query, however broken, is one
// that ldns can read.

#include <algorithm>
#include <array>
#include <meridian/dns/message_builder.hpp>
#include <meridian/dns/rrset.hpp>
#include <vector>

#include "../support/ldns_oracle.hpp"
#include "require.hpp"

using namespace meridian;
using fuzz::require;

namespace {

// Some data of each shape that the composer knows.
struct Data {
  dns::RRset addresses, soa, wildcard_srv;

  Data() {
    std::vector<boost::asio::ip::address> all;
    for (unsigned i = 0; i < 20; ++i) all.push_back(boost::asio::ip::address_v4(0xf0000000 + i));
    const auto name = *dns::Name::from_text("ns.dns.global");
    const dns::RRset::Service services[] = {{0, 100, 80}, {0, 100, 443}};
    addresses = dns::RRset::addresses(30, all);
    soa = dns::RRset::soa(10, name, name, 1, 7200, 1800, 86400, 10);
    wildcard_srv = dns::RRset::srv(30, services, nullptr);
  }
};

void answer(const dns::Query& query, dns::Fault fault) {
  static const Data data;
  std::array<std::uint8_t, 1232> out;
  const std::size_t limit = query.edns ? std::clamp<std::size_t>(query.edns->payload, 512, out.size()) : 512;
  dns::MessageBuilder reply(query, out, limit);
  if (query.edns) reply.set_edns({.error = dns::ExtendedError::Other, .nsid = "fuzz", .keepalive = 100});
  if (fault == dns::Fault::None) {
    const unsigned labels = query.name.labels;
    const unsigned skip = query.id % (labels + 1);
    reply.answer(query.type == dns::Type::SRV ? data.wildcard_srv : data.addresses, 0, query.id);
    reply.authority(data.soa, skip);
    const std::array<std::uint8_t, 3> prefix = {2, 'n', 's'};
    const bool fits = query.name.suffix(labels - skip).size() + prefix.size() <= dns::kMaxName;
    if (fits) reply.additional(data.addresses, labels - skip, prefix);
  } else {
    reply.set_rcode(fault == dns::Fault::NotImp ? dns::Rcode::NotImp : dns::Rcode::FormErr);
  }
  const std::size_t size = reply.finish();
  require(size <= limit, "a reply is not larger than its limit");
  const auto read = oracle::read_message({out.data(), size});
  require(read.has_value(), "ldns can read our reply");
  require(read->question.size() == (query.question.empty() ? 0u : 1u), "the question is echoed");
  require(read->edns == query.edns.has_value(), "OPT if and only if asked");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::span<const std::uint8_t> packet(octets, size);
  dns::Query query;
  const auto fault = dns::parse_query(packet, query);
  if (fault != dns::Fault::Drop) answer(query, fault);
  return 0;
}
