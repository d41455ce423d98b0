#include <doctest/doctest.h>

#include <atomic>
#include <meridian/zone/transaction.hpp>
#include <thread>
#include <vector>

#include "support/zone_text.hpp"
#include "zone/ask.hpp"

using namespace meridian;

// Made for -Db_sanitize=thread: the plain reference counts and the changes in place must never touch what a reader
// reads.
TEST_CASE("readers of a published version never see the next ones being made") {
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "svc" + std::to_string(i) + ".ns" + std::to_string(i % 7) + " A 240.0.0.1\n";
  const auto published = test::zones_from(lines + "*.ns0 A 240.0.0.2");

  std::atomic<bool> stop = false;
  std::atomic<std::size_t> wrong = 0;
  std::atomic<std::size_t> rounds = 0;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&wrong, &rounds, &stop, zones = published.get()] {
      const struct {
        dns::FoldedName name;
        zone::Match::Kind kind;
      } questions[] = {
          {dns::FoldedName(test::name_of("svc7.ns0.global")), zone::Match::Kind::Exact},
          {dns::FoldedName(test::name_of("any.ns0.global")), zone::Match::Kind::Wildcard},
          {dns::FoldedName(test::name_of("any.ns1.global")), zone::Match::Kind::None},
          {dns::FoldedName(test::name_of("ns1.global")), zone::Match::Kind::EmptyNonTerminal},
      };
      do {
        for (const auto& q : questions) wrong += zones->enclosing(q.name)->lookup(q.name).kind != q.kind ? 1 : 0;
        zones->zones()[0]->for_each([](const zone::Node& node) { (void)node.any(); });
        ++rounds;
      } while (!stop);
    });
  }

  auto now = published;
  for (std::uint32_t i = 0; i < 300 || rounds < 10; ++i) {
    zone::Transaction changes(now);
    const std::string name = "svc" + std::to_string(i % 500) + ".ns" + std::to_string(i % 500 % 7) + ".global";
    if (!changes.remove(test::name_of(name))) test::put(changes, name + ". A 240.0.0.9");
    test::put(changes, "x" + std::to_string(i) + ".ns1 A 240.0.0.3");
    now = changes.commit([&] { return i + 2; });
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(test::ask(*published, "svc7.ns0.global") == "exact svc7.ns0.global A 240.0.0.1");
}
