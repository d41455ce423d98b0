#include <doctest/doctest.h>

#include <boost/asio/ip/address_v4.hpp>
#include <deque>
#include <meridian/zone/transaction.hpp>
#include <random>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"
#include "zone/model.hpp"

using namespace meridian;
using test::Model;

namespace {

using Zones = std::shared_ptr<const zone::ZoneSet>;

// Few labels, so that names meet, nest, cover and block one another.
class Names {
 public:
  explicit Names(std::mt19937& random) : random_(random) {}
  std::string operator()() {
    static constexpr const char* kLabels[] = {"a", "b", "c", "d", "*", "*", "_x", "_meta", "dns", "ns"};
    std::string name = "global";
    for (unsigned depth = below(5); depth > 0; --depth)
      name = std::string(kLabels[below(std::size(kLabels))]) + "." + name;
    return name;
  }
  unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }

 private:
  std::mt19937& random_;
};

Model::Host random_host(Names& names) {
  const unsigned what = names.below(10);
  if (what == 0) return {"", true, true};
  if (what == 1) return {"", true, false};
  return {"240.0.0." + std::to_string(names.below(4)), what > 2, false};
}

zone::Records records_of(const Model::Host& host) {
  zone::Records records;
  records.host = host.host;
  records.pending = host.pending;
  if (!host.address.empty()) {
    const boost::asio::ip::address list[] = {boost::asio::ip::make_address(host.address)};
    records.rrsets.push_back(dns::RRset::addresses(30, list));
  }
  return records;
}

struct Version {
  Zones zones;
  Model model;
};

// One transaction of a few changes on both; returns the next version. Zones grow and shrink by turns.
Version step(const Version& now, Names& names, std::uint32_t serial) {
  Version next = now;
  zone::Transaction changes(now.zones);
  const bool ebb = serial % 500 > 250;
  for (unsigned i = names.below(4); i < 5; ++i) {
    std::string name = names();
    if (names.below(2) == 0 && !next.model.put.empty()) {  // one that is there
      name = std::next(next.model.put.begin(), names.below(next.model.put.size()))->first;
    }
    if (names.below(8) < (ebb ? 7 : 1)) {
      CHECK(changes.remove(test::name_of(name)) == (next.model.put.erase(name) > 0));
    } else {
      next.model.put[name] = random_host(names);
      CHECK(changes.replace(test::name_of(name), records_of(next.model.put[name])));
    }
  }
  if (names.below(20) == 0) {
    next.model.ready = !next.model.ready;
    changes.set_ready(next.model.ready);
  }
  next.zones = changes.commit([&] { return serial; });
  return next;
}

void compare(const Version& version, Names& names, int questions) {
  for (int i = 0; i < questions; ++i) {
    const std::string name = names();
    CAPTURE(name);
    REQUIRE(test::ask(*version.zones, name) == version.model.ask(name));
  }
}

void compare_all(const Version& version) {
  const zone::Zone& zone = test::zone_of(*version.zones);
  const auto expected = version.model.names();
  std::set<std::string> names;
  zone.for_each([&](const zone::Node& node) { names.insert(dns::Name::from_wire(node.owner()).to_text()); });
  REQUIRE(names == expected);
  REQUIRE(zone.names() == expected.size());
  REQUIRE(zone.hosts() == version.model.hosts());
  for (const auto& name : expected) {
    CAPTURE(name);
    REQUIRE(test::ask(*version.zones, name) == version.model.ask(name));
  }
}

}  // namespace

TEST_CASE("thousands of random transactions answer as a plain map would, and old versions as they always did") {
  for (const auto mode : {zone::Wildcards::Istio, zone::Wildcards::Rfc4592}) {
    std::mt19937 random(20'241'120);
    Names names(random);
    auto spec = test::spec_of("global");
    spec.wildcards = mode;
    Version now{zone::ZoneSet::create({spec}, 1, random()), Model("global", mode)};
    std::deque<Version> old;
    for (std::uint32_t i = 0; i < 2500; ++i) {
      CAPTURE(i);
      Version next = step(now, names, i + 2);
      if (next.model.put != now.model.put) REQUIRE(test::zone_of(*next.zones).serial() == i + 2);
      if (i % 16 == 0) old.push_back(now);
      if (old.size() > 40) old.pop_front();
      now = std::move(next);
      compare(now, names, 8);
      if (i % 10 == 0) {
        compare_all(now);
        const Version& one = old[names.below(old.size())];
        compare_all(one);
        compare(one, names, 20);
      }
    }
    for (const auto& version : old) compare_all(version);
  }
}
