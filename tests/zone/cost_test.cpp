#include <doctest/doctest.h>

#include <boost/asio/ip/address_v4.hpp>
#include <meridian/zone/transaction.hpp>

#include "support/zone_text.hpp"
#include "zone/allocations.hpp"
#include "zone/ask.hpp"

using namespace meridian;

namespace {

using Zones = std::shared_ptr<const zone::ZoneSet>;

dns::Name host(std::size_t i) {
  return test::name_of("svc" + std::to_string(i) + ".ns" + std::to_string(i % 1000) + ".global");
}

zone::Records records(std::uint32_t address) {
  const boost::asio::ip::address list[] = {boost::asio::ip::address_v4(address)};
  zone::Records records;
  records.host = true;
  records.rrsets.push_back(dns::RRset::addresses(30, list));
  return records;
}

Zones zone_of_size(std::size_t size) {
  zone::Transaction load(zone::ZoneSet::create({test::spec_of("global")}, 1, 42));
  for (std::size_t i = 0; i < size; ++i) load.replace(host(i), records(0xf0000000u + static_cast<std::uint32_t>(i)));
  load.set_ready(true);
  return load.commit([] { return 1u; });
}

// The most allocations that changing, adding or removing one name takes, of names all over the zone.
std::size_t cost_of_a_change(const Zones& zones, std::size_t size) {
  const zone::Records other = records(0xf1000000u);
  std::size_t most = 0;
  const auto measure = [&](auto&& change) {
    zone::Transaction changes(zones);
    const std::size_t before = test::allocations();
    change(changes);
    const auto next = changes.commit([] { return 2u; });
    most = std::max(most, test::allocations() - before);
    CHECK(next != zones);
  };
  for (std::size_t i = 0; i < size; i += size / 50) {
    const dns::Name there = host(i);
    const dns::Name fresh = host(size + i);
    measure([&](auto& changes) { changes.replace(there, other); });
    measure([&](auto& changes) { changes.replace(fresh, other); });
    measure([&](auto& changes) { changes.remove(there); });
  }
  return most;
}

}  // namespace

TEST_CASE("what a change costs hardly grows with the zone") {
  const Zones small = zone_of_size(100);
  const Zones large = zone_of_size(100'000);
  CHECK(cost_of_a_change(large, 100'000) <= cost_of_a_change(small, 100) + 20);
}

TEST_CASE("a load of many names in one transaction copies nothing that it made itself") {
  const std::size_t before = test::allocations();
  const Zones zones = zone_of_size(20'000);
  const double each = static_cast<double>(test::allocations() - before) / 20'000;
  // The name in text and on the wire, its Records, its node and a bucket, and now and then a branch: nine. Copying the
  // paths to the name and its parent each time would be six more.
  CHECK(each < 12);
}

TEST_CASE("a lookup allocates nothing, whatever it finds") {
  const auto zones = test::zones_from("httpbin.bar A 240.0.0.2\n*.bar A 240.0.0.3\nslow.bar PENDING");
  for (const char* name : {"httpbin.bar.global", "any.x.bar.global", "bar.global", "x.global", "slow.bar.global",
                           "_meta.httpbin.bar.global", "web.ns1.svc.cluster.local.global", "example.com"}) {
    const dns::Name wire = test::name_of(name);
    const std::size_t before = test::allocations();
    const dns::FoldedName folded(wire);
    const auto hashed = zones->hashed(folded);
    if (const zone::Zone* zone = zones->enclosing(hashed)) zone->lookup(hashed);
    CHECK(test::allocations() == before);
  }
}

TEST_CASE("a zone gives back all it took, and so does each of its versions") {
  const std::size_t before = test::live_blocks();
  {
    Zones zones = zone_of_size(5'000);
    std::vector<Zones> versions;
    for (std::size_t i = 0; i < 5'000; i += 7) {
      zone::Transaction changes(zones);
      changes.remove(host(i));
      changes.replace(host(5'000 + i), records(1));
      zones = changes.commit([] { return 2u; });
      if (i % 5 == 0) versions.push_back(zones);
    }
    zone::Transaction dropped(zones);
    dropped.remove(host(1));
  }
  CHECK(test::live_blocks() == before);
}
