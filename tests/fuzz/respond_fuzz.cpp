// Any octets as a query to the whole server, without its sockets. Beyond what the sanitizers see: each reply is one
// that ldns can read, within the client's limit, with the query's id and question, and allowed to have what it has.

#include <algorithm>
#include <array>
#include <meridian/query/respond.hpp>

#include "../support/ldns_oracle.hpp"
#include "../support/zone_text.hpp"
#include "require.hpp"

using namespace meridian;
using fuzz::require;

namespace {

constexpr const char* kHosts = R"(
  @                       A     240.0.0.1
  httpbin.bar             A     240.0.0.2 240.0.0.3 240.0.0.4
  httpbin.bar             AAAA  fd00::2
  httpbin.bar             SRV   80 9080
  httpbin.bar             META  entry=bar/httpbin
  _http._tcp.httpbin.bar  SRV   80 httpbin.bar
  slow.bar                PENDING
  none.bar                NODATA
  *.wild                  A     240.0.0.5
  *.wild                  SRV   443 8443
  *.s                     A     240.0.1.1 240.0.1.2 240.0.1.3 240.0.1.4 240.0.1.5 240.0.1.6 240.0.1.7 240.0.1.8
  *.s                     SRV   1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
  x.fwd.                  A     240.0.0.6
  *.rfc.                  A     240.0.0.7
  *.rfc.                  SRV   53
  a.b.rfc.                A     240.0.0.8
  1.2.3.245.in-addr.arpa. PTR   httpbin.bar none.bar
  api.example.            A     240.0.0.9
  *.any.example.          AAAA  fd00::9
  printer.test.           A     240.0.0.10
)";

std::shared_ptr<const zone::ZoneSet> fixed_zones() {
  auto forwarding = test::spec_of("fwd"), rfc4592 = test::spec_of("rfc");
  forwarding.unknown = zone::Unknown::Forward;
  rfc4592.wildcards = zone::Wildcards::Rfc4592;
  rfc4592.order = zone::Order::Random;
  return test::zones_from(
      kHosts, {test::spec_of("global"), forwarding, rfc4592, test::spec_of("245.in-addr.arpa", zone::Kind::Reverse),
               test::spec_of(".", zone::Kind::AnyHost)});
}

struct Server {
  std::shared_ptr<const zone::ZoneSet> zones = fixed_zones();
  query::Settings settings = {.version = "fuzz 1", .hostname = "ns1", .nsid = "fuzz"};
};

constexpr query::Client kClients[] = {
    {.tcp = false, .may_query = true, .may_recurse = true, .may_introspect = true},
    {.tcp = true, .may_query = true, .may_recurse = false, .may_introspect = false},
    {.tcp = false, .may_query = false, .may_recurse = true, .may_introspect = false},
};

void check_reply(const dns::Query& query, const query::Outcome& outcome, std::span<const std::uint8_t> reply) {
  const auto read = oracle::read_message(reply);
  require(read.has_value(), "ldns can read our reply");
  require(read->qr && read->id == query.id, "it is a reply, to this query");
  require(read->opcode == static_cast<unsigned>(query.opcode), "its opcode is the query's");
  require(read->rcode == static_cast<unsigned>(outcome.rcode), "its rcode is what is counted");
  require(read->rd == query.recursion_desired && read->cd == query.checking_disabled, "RD and CD are copied");
  require(!read->ad && (reply[3] & 0x40) == 0, "nothing was validated, and Z is zero");
  require(read->question.size() == (query.question.empty() ? 0u : 1u), "the question is echoed");
  require(std::ranges::equal(query.question, reply.subspan(dns::kHeaderSize, query.question.size())),
          "the question is echoed octet for octet");
  require(read->edns == query.edns.has_value(), "OPT if and only if asked");
  require(!read->aa || outcome.rcode == dns::Rcode::NoError || outcome.rcode == dns::Rcode::NXDomain,
          "errors have no authority");
  require(outcome.rcode == dns::Rcode::NoError || read->answer.empty(), "errors have no answer");
}

void answer(const Server& server, std::span<const std::uint8_t> packet) {
  static std::array<std::uint8_t, dns::kMaxMessage> out;
  dns::Query query;
  const auto fault = dns::parse_query(packet, query);
  for (const auto& client : kClients) {
    const query::Turn turn = {query.id, packet.empty() ? 0u : packet.back()};
    const auto outcome = query::respond(query, fault, *server.zones, server.settings, client, turn, out);
    const bool dropped = outcome.action == query::Outcome::Action::Drop;
    require(dropped == (fault == dns::Fault::Drop), "what is no query is dropped, and nothing else");
    if (outcome.action == query::Outcome::Action::Forward) {
      require(fault == dns::Fault::None && query.recursion_desired && client.may_recurse, "who is forwarded may be");
      require(query.klass == dns::Class::IN, "only class IN is forwarded");
    }
    if (outcome.action != query::Outcome::Action::Reply) continue;
    const std::size_t limit = client.tcp    ? dns::kMaxMessage
                              : !query.edns ? 512
                                            : std::clamp<std::size_t>(query.edns->payload, 512, 1232);
    require(outcome.size >= dns::kHeaderSize && outcome.size <= limit, "a reply is not larger than its limit");
    check_reply(query, outcome, std::span(out).first(outcome.size));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static const Server server;
  const std::span<const std::uint8_t> packet(octets, size);
  answer(server, packet);
  return 0;
}
