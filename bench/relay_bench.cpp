// What an upstream's reply costs: to believe it, to see what of it may be kept, and to tell it to a client, beside an
// answer from the zone.

#include <benchmark/benchmark.h>

#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <meridian/dns/keepable.hpp>
#include <meridian/query/relay.hpp>
#include <meridian/zone/transaction.hpp>
#include <string>
#include <vector>

using namespace meridian;

namespace {

using Octets = std::vector<std::uint8_t>;

void put(Octets& octets, std::initializer_list<unsigned> values) {
  for (const unsigned value : values) octets.push_back(static_cast<std::uint8_t>(value));
}

void put_u16(Octets& octets, std::size_t value) {
  put(octets, {static_cast<unsigned>(value >> 8), static_cast<unsigned>(value & 255)});
}

const Octets kName = [] {
  const auto name = *dns::Name::from_text("httpbin.bar.global");
  return Octets(name.wire().begin(), name.wire().end());
}();

void put_opt(Octets& octets) {
  put(octets, {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0});
}

// Header and question for the addresses of the host.
Octets start(unsigned flags, std::size_t answers, bool edns) {
  Octets octets;
  put_u16(octets, 0x1234);
  put_u16(octets, flags);
  put_u16(octets, 1);
  put_u16(octets, answers);
  put_u16(octets, 0);
  put_u16(octets, edns);
  octets.insert(octets.end(), kName.begin(), kName.end());
  put(octets, {0, 1, 0, 1});
  return octets;
}

Octets query_packet(bool edns) {
  auto octets = start(0x0100, 0, edns);
  if (edns) put_opt(octets);
  return octets;
}

// As resolvers write it: owners are pointers, the OPT is last.
Octets reply_packet(std::size_t addresses, bool edns) {
  auto octets = start(0x8180, addresses, edns);
  for (std::size_t i = 0; i < addresses; ++i) {
    put(octets, {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0});
    put_u16(octets, i);
  }
  if (edns) put_opt(octets);
  return octets;
}

// As costly as 128 records can be: a chain of 16 aliases that stands backwards, and DNAMEs beside it; all names have
// 126 labels, each behind a pointer of its own, and differ only in the last one.
Octets hostile_packet() {
  Octets octets;
  put(octets, {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 128, 0, 0, 0, 0, 1, 'q', 0, 0, 1, 0, 1});
  std::vector<std::size_t> names;
  const auto record = [&](std::size_t owner, unsigned type, const Octets& rdata) {
    put_u16(octets, 0xc000 | owner);
    put_u16(octets, type);
    put(octets, {0, 1, 0, 0, 0, 60});
    put_u16(octets, rdata.size());
    octets.insert(octets.end(), rdata.begin(), rdata.end());
  };
  for (unsigned link = 0; link < 17;
       ++link) {  // in RDATA that nobody looks into: a label and a pointer to the last one
    const std::size_t rdata_at = octets.size() + 12;
    Octets rdata;
    put(rdata, {1, 'a' + link, 0});
    std::size_t last = rdata_at;
    for (unsigned label = 1; label < 126; ++label) {
      const std::size_t at = rdata_at + rdata.size();
      put(rdata, {1, 'a'});
      put_u16(rdata, 0xc000 | last);
      last = at;
    }
    record(12, 65280, rdata);
    names.push_back(last);
  }
  for (unsigned link = 16; link > 0; --link) {
    Octets target;
    put_u16(target, 0xc000 | names[link]);
    record(names[link - 1], 5, target);
  }
  Octets first;
  put_u16(first, 0xc000 | names[0]);
  record(12, 5, first);
  for (unsigned i = 34; i < 128; ++i) record(names[16], 39, first);
  return octets;
}

struct Asked {
  Octets packet;
  dns::Query query;
  explicit Asked(bool edns) : packet(query_packet(edns)) { dns::parse_query(packet, query); }
};

void answer_from_the_zone(benchmark::State& state) {
  zone::Spec spec;
  spec.apex = *dns::Name::from_text("global");
  spec.ns = *dns::Name::from_text("ns.dns.global");
  spec.hostmaster = *dns::Name::from_text("hostmaster.global");
  zone::Transaction changes(zone::ZoneSet::create({spec}, 1, 42));
  const boost::asio::ip::address list[] = {boost::asio::ip::address_v4(0xf0000001)};
  zone::Records records;
  records.host = true;
  records.rrsets.push_back(dns::RRset::addresses(30, list));
  changes.replace(*dns::Name::from_text("httpbin.bar.global"), records);
  changes.set_ready(true);
  const auto zones = changes.commit([] { return 2u; });
  const Asked asked(state.range(0) != 0);
  const query::Settings settings;
  std::array<std::uint8_t, 1232> out;
  for (auto _ : state)
    benchmark::DoNotOptimize(query::respond(asked.query, dns::Fault::None, *zones, settings, {}, {}, out).size);
}

void believe(benchmark::State& state) {
  const Asked asked(true);
  const auto packet = reply_packet(static_cast<std::size_t>(state.range(0)), true);
  for (auto _ : state)
    benchmark::DoNotOptimize(dns::check_reply(packet, 0x1234, asked.query.question, dns::CaseCheck::Exact));
}

void keep_it(benchmark::State& state) {
  const Asked asked(true);
  auto packet = reply_packet(static_cast<std::size_t>(state.range(0)), true);
  const auto reply = dns::check_reply(packet, 0x1234, asked.query.question, dns::CaseCheck::Exact);
  for (auto _ : state) benchmark::DoNotOptimize(dns::keep(packet, *reply, {}));
}

void relay_it(benchmark::State& state, bool as_kept) {
  const Asked asked(state.range(1) != 0);
  auto packet = reply_packet(static_cast<std::size_t>(state.range(0)), true);
  auto reply = *dns::check_reply(packet, 0x1234, asked.query.question, dns::CaseCheck::Exact);
  if (as_kept) reply = dns::keep(packet, reply, {})->reply;
  const query::Settings settings;
  std::array<std::uint8_t, 1232> out;
  for (auto _ : state) benchmark::DoNotOptimize(query::relay(asked.query, reply, std::nullopt, settings, {}, out));
}
void relay_from_upstream(benchmark::State& state) {
  relay_it(state, false);
}
void relay_from_cache(benchmark::State& state) {
  relay_it(state, true);
}

void hostile(benchmark::State& state) {
  auto packet = hostile_packet();
  const Octets question = {1, 'q', 0, 0, 1, 0, 1};
  const auto reply = dns::check_reply(packet, 0x1234, question, dns::CaseCheck::Exact);
  if (!reply) return state.SkipWithError("not believed");
  if (state.range(0) == 0) {
    for (auto _ : state) benchmark::DoNotOptimize(dns::check_reply(packet, 0x1234, question, dns::CaseCheck::Exact));
  } else {
    for (auto _ : state) benchmark::DoNotOptimize(dns::keep(packet, *reply, {}));
  }
}

}  // namespace

BENCHMARK(answer_from_the_zone)->ArgName("edns")->Arg(0)->Arg(1);
BENCHMARK(relay_from_cache)->ArgNames({"addresses", "edns"})->Args({1, 0})->Args({1, 1})->Args({8, 1})->Args({100, 1});
BENCHMARK(relay_from_upstream)->ArgNames({"addresses", "edns"})->Args({1, 1})->Args({8, 1});
BENCHMARK(believe)->ArgName("addresses")->Arg(1)->Arg(8)->Arg(4000);
BENCHMARK(keep_it)->ArgName("addresses")->Arg(1)->Arg(8)->Arg(128)->Arg(4000);
BENCHMARK(hostile)->ArgName("keep")->Arg(0)->Arg(1);
BENCHMARK_MAIN();
