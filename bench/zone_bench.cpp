// What a lookup, a change and a load cost at a thousand, a hundred thousand and a million names.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <boost/asio/ip/address_v4.hpp>
#include <map>
#include <meridian/zone/transaction.hpp>
#include <random>
#include <string>
#include <vector>

using namespace meridian;

namespace {

using Zones = std::shared_ptr<const zone::ZoneSet>;

dns::Name name_of(const std::string& text) {
  return *dns::Name::from_text(text);
}

dns::Name host(std::size_t i) {
  return name_of("svc" + std::to_string(i) + ".ns" + std::to_string(i % 1000) + ".global");
}

zone::Records records(std::uint32_t address) {
  const boost::asio::ip::address list[] = {boost::asio::ip::address_v4(address)};
  zone::Records records;
  records.host = true;
  records.rrsets.push_back(dns::RRset::addresses(30, list));
  return records;
}

Zones empty() {
  zone::Spec spec;
  spec.apex = name_of("global");
  spec.ns = name_of("ns.dns.global");
  spec.hostmaster = name_of("hostmaster.global");
  return zone::ZoneSet::create({spec}, 1, 42);
}

Zones load(std::size_t size, bool wildcards) {
  zone::Transaction changes(empty());
  const zone::Records one = records(0xf0000001);
  for (std::size_t i = 0; i < size; ++i) changes.replace(host(i), one);
  for (std::size_t i = 0; wildcards && i < 1000; ++i)
    changes.replace(name_of("*.ns" + std::to_string(i) + ".global"), one);
  changes.set_ready(true);
  return changes.commit([] { return 2u; });
}

const Zones& zones_of_size(std::size_t size, bool wildcards = true) {
  static std::map<std::pair<std::size_t, bool>, Zones> all;
  Zones& zones = all[{size, wildcards}];
  if (!zones) zones = load(size, wildcards);
  return zones;
}

// Of that the hash is:
void hashing(benchmark::State& state) {
  const auto& zones = *zones_of_size(1'000);
  const dns::FoldedName name(host(17));
  for (auto _ : state) {
    const auto hashed = zones.hashed(name);
    benchmark::DoNotOptimize(hashed.suffix(0).hash);
  }
}

// And finding the zone:
void enclosing(benchmark::State& state) {
  const auto& zones = *zones_of_size(1'000);
  const dns::FoldedName name(host(17));
  const auto hashed = zones.hashed(name);
  for (auto _ : state) benchmark::DoNotOptimize(zones.enclosing(hashed));
}

// Asks random names one after another, hash included: few of them (the caches know their way) or many (they do not).
void ask(benchmark::State& state, const zone::ZoneSet& zones, const std::vector<dns::FoldedName>& questions,
         zone::Match::Kind expected) {
  std::size_t i = 0;
  for (auto _ : state) {
    const auto name = zones.hashed(questions[i]);
    const auto match = zones.enclosing(name)->lookup(name);
    if (match.kind != expected) state.SkipWithError("found something else");
    benchmark::DoNotOptimize(match.node);
    i = (i + 1) % questions.size();
  }
}

template <class F>
std::vector<dns::FoldedName> questions(const benchmark::State& state, F&& text) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::mt19937 random(1);
  std::vector<dns::FoldedName> names;
  for (int i = 0; i < state.range(1); ++i) names.emplace_back(text(random() % size));
  return names;
}

void hit(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  ask(state, *zones_of_size(size), questions(state, host), zone::Match::Kind::Exact);
}

void wildcard(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto text = [](std::size_t i) {
    return name_of("no" + std::to_string(i) + ".ns" + std::to_string(i % 1000) + ".global");
  };
  ask(state, *zones_of_size(size), questions(state, text), zone::Match::Kind::Wildcard);
}

void miss(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto text = [](std::size_t i) { return name_of("web.svc" + std::to_string(i) + ".svc.cluster.local.global"); };
  ask(state, *zones_of_size(size), questions(state, text), zone::Match::Kind::None);
}

void miss_without_wildcards(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto text = [](std::size_t i) { return name_of("web.svc" + std::to_string(i) + ".svc.cluster.local.global"); };
  ask(state, *zones_of_size(size, false), questions(state, text), zone::Match::Kind::None);
}

// One name gets another address, is committed, and the version before it goes.
void change(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Zones zones = zones_of_size(size);
  std::vector<dns::Name> names;
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) names.push_back(host(random() % size));
  std::vector<zone::Records> other;  // so many that a name hardly ever gets what it has
  for (std::uint32_t address = 0; address < 997; ++address) other.push_back(records(address));
  std::uint32_t serial = 2;
  std::size_t i = 0;
  for (auto _ : state) {
    zone::Transaction changes(zones);
    changes.replace(names[i % names.size()], other[i % other.size()]);
    zones = changes.commit([&] { return ++serial; });
    ++i;
  }
}

void bulk_load(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<dns::Name> names;
  for (std::size_t i = 0; i < size; ++i) names.push_back(host(i));
  const zone::Records one = records(0xf0000001);
  for (auto _ : state) {
    const std::size_t before = mallinfo2().uordblks;
    zone::Transaction changes(empty());
    for (const auto& name : names) changes.replace(name, one);
    const Zones zones = changes.commit([] { return 2u; });
    state.PauseTiming();
    state.counters["octets_a_name"] = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(size);
    state.ResumeTiming();
  }
}

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"names", "questions"});
  b->ArgsProduct({{1'000, 100'000, 1'000'000}, {1'000, 100'000}});
}

}  // namespace

BENCHMARK(hit)->Apply(sizes);
BENCHMARK(wildcard)->Apply(sizes);
BENCHMARK(miss)->Apply(sizes);
BENCHMARK(miss_without_wildcards)->Apply(sizes);
BENCHMARK(hashing);
BENCHMARK(enclosing);
BENCHMARK(change)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(bulk_load)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(2);

BENCHMARK_MAIN();
