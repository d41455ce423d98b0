// What one entry may hold is up to whoever writes it: the others are answered all the same.

#include <doctest/doctest.h>

#include <string>

#include "running_reconciler.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

constexpr const char* kPlain = "hosts: [a.bar.global], addresses: [240.0.0.3], resolution: STATIC";

std::string many(unsigned count, std::string (*one)(unsigned)) {
  std::string list;
  for (unsigned i = 0; i < count; ++i) list += one(i) + ", ";
  return list;
}

std::string address(unsigned i) {
  return "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
}

std::string port(unsigned i) {
  return "{name: p" + std::to_string(i) + ", number: " + std::to_string(i % 65535 + 1) + "}";
}

std::string named_port(const std::string& name) {
  return "{name: \"" + name + "\", number: 80}";
}

std::string with_ports(const std::string& ports) {
  return entry("a", std::string(kPlain) + ", ports: [" + ports + "]");
}

std::string same_host_in_entries(unsigned count) {
  std::string documents;
  for (unsigned i = 0; i < count; ++i) documents += entry(std::string(200, 'n') + std::to_string(i), kPlain);
  return documents;
}

std::string same_address_in_hosts(unsigned count) {
  std::string documents;
  for (unsigned i = 0; i < count; ++i) {
    const auto host = "h" + std::to_string(i) + ".bar.global";
    documents += entry("h" + std::to_string(i), "hosts: [" + host + "], addresses: [245.0.0.7], resolution: STATIC");
  }
  return documents;
}

}  // namespace

TEST_CASE("whatever one entry holds, the other hosts are answered, and follow their changes") {
  const struct {
    const char* title;
    std::string entries;
  } cases[] = {
      {"a name longer than any record", entry(std::string(70'000, 'n'), kPlain)},
      {"more entries of one host than a TXT record can name", same_host_in_entries(400)},
      {"more addresses than a message can count",
       entry("a", "hosts: [a.bar.global], resolution: STATIC, addresses: [" + many(66'000, address) + "]")},
      {"more ports than a message can count", with_ports(many(66'000, port))},
      {"more hosts at one address than a message holds", same_address_in_hosts(4200)},
      {"port names that are no labels",
       with_ports(named_port(std::string(255, 'x')) + ", " + named_port(std::string(63, 'x')) + ", " + named_port("") +
                  ", " + named_port("a b") + ", " + named_port("\xc3\xa9.\xc3\xa9") + ", " + named_port("*"))},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const Scratch scratch;
      scratch.write("good.yaml", entry("good", "hosts: [good.bar.global], addresses: [240.0.0.2]"));
      scratch.write("strange.yaml", c.entries);
      RunningReconciler it(scratch.config());
      REQUIRE(it.answers("good.bar.global", "NOERROR 240.0.0.2"));
      scratch.write("good.yaml", entry("good", "hosts: [good.bar.global], addresses: [240.0.0.4]"));
      CHECK(it.answers("good.bar.global", "NOERROR 240.0.0.4"));
    }
  }
}

TEST_CASE("what is too much for a record is cut, and the operator is told") {
  const Scratch scratch;
  scratch.write("a.yaml", with_ports(many(5000, port)));
  scratch.write("b.yaml", entry(std::string(300, 'n'), "hosts: [b.bar.global], addresses: [240.0.0.3]"));
  RunningReconciler it(scratch.config());
  REQUIRE(it.answers("_p4094._tcp.a.bar.global", "NODATA"));
  CHECK(it.ask("_p4095._tcp.a.bar.global", dns::Type::SRV) == "NXDOMAIN");
  CHECK(it.reconciler().notes().at("a.bar.global") == "5000 ports: the first 4095 are answered, no message holds more");
  CHECK(it.ask("_meta.b.bar.global", dns::Type::TXT) == "NOERROR \"entry=bar/" + std::string(245, 'n') +
                                                            "\" \"version=" + it.version("bar", std::string(300, 'n')) +
                                                            "\" \"address=literal\"");
}

TEST_CASE("what there is to tell of a host stays a line that can be read") {
  std::string addresses;
  for (unsigned i = 0; i < 300; ++i) addresses += "{host: HOST, value: " + address(i) + "}, ";
  const auto status = [&](std::string host) {
    std::string list = addresses;
    for (auto at = list.find("HOST"); at != list.npos; at = list.find("HOST")) list.replace(at, 4, host);
    return "status: {addresses: [" + list + "]}\n";
  };
  const Scratch scratch;
  scratch.write("a.yaml", entry("a", "hosts: [a.bar.global], resolution: STATIC") + status("a.bar.global") +
                              entry("b", "hosts: [b.bar.global], resolution: STATIC") + status("b.bar.global"));
  RunningReconciler it(scratch.config());
  REQUIRE(it.until([&] { return it.reconciler().notes().contains("b.bar.global"); }));
  CHECK(it.reconciler().notes().at("b.bar.global").size() < 1000);
}
