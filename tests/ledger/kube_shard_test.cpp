// Lines, shards and plans as values.
#include "ledger/kube_shard.hpp"

#include <boost/json/parse.hpp>

#include "ledger/conformance.hpp"
#include "ledger/kube_plan.hpp"

namespace meridian::ledger {
namespace {

namespace json = boost::json;
const LedgerName kName{"istio-system", "meridian"};

vip::Address at(const char* address) {
  return boost::asio::ip::make_address(address);
}
Line line(const char* address, const char* host, std::uint64_t epoch = 1, bool active = true) {
  return {record(address, host, active), epoch};
}
Lines lines(std::initializer_list<Line> all) {
  Lines lines;
  for (const auto& l : all) lines.emplace(l.record.address, l);
  return lines;
}

}  // namespace

TEST_CASE("a line is what people read, and comes back as it was") {
  struct {
    const char* title;
    Line line;
    const char* key;
    const char* value;
  } rows[] = {
      {"active",
       {record("245.1.2.3", "httpbin.bar.global"), 3},
       "245.1.2.3",
       R"({"host":"httpbin.bar.global","epoch":3})"},
      {"freed",
       {record("245.1.2.9", "*.bar.global", false, 840), 2},
       "245.1.2.9",
       R"({"host":"*.bar.global","epoch":2,"freed":840})"},
      {"IPv6", {record("fd00::1", "a"), 0}, "fd00__1", R"({"host":"a","epoch":0})"},
      {"an odd host",
       {record("245.0.0.1", "a\"\\\x01\xc3\xa4\xff"), 1},
       "245.0.0.1",
       R"({"host":"a\"\\\u0001\u00c3\u00a4\u00ff","epoch":1})"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.title));
    CHECK(key_of(row.line.record.address) == row.key);
    CHECK(value_of(row.line) == row.value);
    CHECK(parse_line(row.key, row.value) == row.line);
  }
}

TEST_CASE("what is no line is damage") {
  constexpr const char* kGood = R"({"host":"a","epoch":1})";
  struct {
    const char* key;
    const char* value;
  } rows[] = {
      {"", kGood},
      {"245.1.2", kGood},
      {"245.01.2.3", kGood},
      {"fd00__0_1", kGood},
      {"FD00__1", kGood},
      {"fe80__1%lo", kGood},
      {"245.1.2.3", ""},
      {"245.1.2.3", "{"},
      {"245.1.2.3", "[]"},
      {"245.1.2.3", "{}"},
      {"245.1.2.3", R"({"host":"a"})"},
      {"245.1.2.3", R"({"host":"","epoch":1})"},
      {"245.1.2.3", R"({"host":7,"epoch":1})"},
      {"245.1.2.3", R"({"host":"a","epoch":-1})"},
      {"245.1.2.3", R"({"host":"a","epoch":"1"})"},
      {"245.1.2.3", R"({"host":"a","epoch":18446744073709551615})"},
      {"245.1.2.3", R"({"host":"a","epoch":1,"freed":-3})"},
      {"245.1.2.3", R"({"host":"a","epoch":1,"freed":"long"})"},
      {"245.1.2.3", R"({"host":"\u20ac","epoch":1})"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.key));
    CAPTURE(std::string(row.value));
    CHECK_FALSE(parse_line(row.key, row.value).has_value());
  }
}

TEST_CASE("a ConfigMap is a shard") {
  const auto parse = [](const char* text) { return parse_shard(kName, json::parse(text).as_object()); };
  SUBCASE("with its epoch, its holder and its lines; damage apart") {
    const auto shard = parse(R"({"metadata":{"name":"meridian-0","resourceVersion":"7",
      "labels":{"meridian.internal/ledger":"meridian"},
      "annotations":{"meridian.internal/epoch":"3","meridian.internal/holder":"me","meridian.internal/shards":"2"}},
      "data":{"245.1.2.3":"{\"host\":\"a\",\"epoch\":3}","x":"y"}})");
    REQUIRE(shard.has_value());
    CHECK(shard->epoch == 3);
    CHECK(shard->holder == "me");
    CHECK(shard->shards == 2);
    CHECK(shard->labelled);
    CHECK(shard->lines == lines({line("245.1.2.3", "a", 3)}));
    CHECK(shard->damaged.size() == 1);
  }
  SUBCASE("the first says whether hosts of one entry share a VIP") {
    struct {
      const char* name;
      const char* note;
      bool per_entry;
    } rows[] = {
        {"meridian-0", R"("meridian.internal/vips":"per-entry")", true},
        {"meridian-0", R"("meridian.internal/vips":"per-host")", false},
        {"meridian-0", R"("meridian.internal/vips":7)", false},
        {"meridian-0", R"("meridian.internal/vip":"per-entry")", false},
        {"meridian-1", R"("meridian.internal/vips":"per-entry")", false},
    };
    for (const auto& row : rows) {
      CAPTURE(std::string(row.name));
      CAPTURE(std::string(row.note));
      const auto text = std::string(R"({"metadata":{"resourceVersion":"7","name":")") + row.name +
                        R"(","annotations":{)" + row.note + "}}}";
      const auto shard = parse(text.c_str());
      REQUIRE(shard.has_value());
      CHECK(shard->per_entry == row.per_entry);
    }
  }
  SUBCASE("however little is in it") {
    const auto shard = parse(R"({"metadata":{"name":"meridian-4095","resourceVersion":"7",
      "annotations":{"meridian.internal/epoch":"many"}},"data":null})");
    REQUIRE(shard.has_value());
    CHECK(shard->number == 4095);
    CHECK(shard->epoch == 0);
    CHECK_FALSE(shard->labelled);
  }
  SUBCASE("not if its name is another's") {
    for (const auto* name : {"meridian", "meridian-", "meridian-x", "meridian-07", "meridian--1", "meridian-4096",
                             "meridian-99999999999", "other-0"}) {
      CAPTURE(std::string(name));
      CHECK_FALSE(shard_number(kName, name).has_value());
    }
  }
}

TEST_CASE("a write is a merge patch that holds for one version, or a whole ConfigMap") {
  ShardWrite write{2, 5, "me", 0, false, {{"245.0.0.1", R"({"host":"a","epoch":5})"}, {"x", std::nullopt}}};
  CHECK(
      merge_patch(kName, write, "77") ==
      R"({"metadata":{"labels":{"meridian.internal/ledger":"meridian"},"annotations":{"meridian.internal/epoch":"5",)"
      R"("meridian.internal/holder":"me"},"resourceVersion":"77"},"data":{"245.0.0.1":"{\"host\":\"a\",\"epoch\":5}",)"
      R"("x":null}})");
  auto whole = json::parse(config_map(kName, write)).as_object();
  whole["metadata"].as_object()["resourceVersion"] = "1";
  const auto shard = parse_shard(kName, whole);
  REQUIRE(shard.has_value());
  CHECK(shard->number == 2);
  CHECK(shard->lines == lines({line("245.0.0.1", "a", 5)}));
  CHECK(shard->damaged.empty());

  const ShardWrite noted{0, 5, "me", 1, true, {}};
  CHECK(merge_patch(kName, noted, "8").find(R"("meridian.internal/vips":"per-entry")") != std::string::npos);
  auto first = json::parse(config_map(kName, noted)).as_object();
  first["metadata"].as_object()["resourceVersion"] = "1";
  CHECK(parse_shard(kName, first)->per_entry);
}

TEST_CASE("a plan puts a record where it was, and a new one into the least full shard") {
  ShardPlan plan(100);  // three lines of these
  plan.adopt({}, 1);
  Changes many;
  for (int i = 1; i <= 10; ++i)
    many.push_back(put(record(("245.0.0." + std::to_string(i)).c_str(), "a" + std::to_string(i))));
  CHECK(plan.apply(many, 1) == std::set<int>{0, 1, 2});
  CHECK(plan.lines(0).size() == 4);
  CHECK(plan.lines(1).size() == 4);
  CHECK(plan.lines(2).size() == 2);
  CHECK(plan.apply({put(record("245.0.0.1", "a1", false, 3))}, 2) == std::set<int>{0});
  CHECK_MESSAGE(plan.lines(0).at(at("245.0.0.1")).epoch == 1, "freeing is no new allocation");
  plan.apply({put(record("245.0.0.1", "a1"))}, 2);
  CHECK(plan.lines(0).at(at("245.0.0.1")).epoch == 2);
  CHECK(plan.apply({erase("245.0.0.1"), erase("245.9.9.9")}, 2) == std::set<int>{0});
  CHECK(plan.apply({put(record("245.0.0.1", "b"))}, 2) == std::set<int>{2});
}

TEST_CASE("a plan has no more shards than are read") {
  ShardView::Settled settled;
  for (int i = 0; i < kMostShards; ++i) {
    const auto l = line(("245.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)).c_str(),
                        ("a" + std::to_string(i)).c_str());
    settled.shards[i].emplace(l.record.address, l);
  }
  ShardPlan plan(1);
  plan.adopt(std::move(settled), 1);
  CHECK_THROWS_WITH_AS(plan.apply({put(record("245.1.0.0", "b"))}, 1), doctest::Contains("the ledger is full"),
                       Unavailable);
  plan.apply({erase("245.0.0.7")}, 1);
  CHECK(plan.apply({put(record("245.1.0.0", "b"))}, 1) == std::set<int>{7});
}

TEST_CASE("shards depend on each other") {
  struct {
    const char* title;
    Lines seen0, seen1, wanted0, wanted1;
    bool depend;
  } rows[] = {
      {"if a host moves from one to the other",
       lines({line("245.0.0.1", "a")}),
       {},
       {},
       lines({line("245.0.0.2", "a")}),
       true},
      {"if an address does", lines({line("245.0.0.1", "a", 1, false)}), {}, {}, lines({line("245.0.0.1", "b")}), true},
      {"not if a host moves within one",
       lines({line("245.0.0.1", "a")}),
       {},
       lines({line("245.0.0.2", "a")}),
       {},
       false},
      {"not if its other family comes elsewhere",
       lines({line("245.0.0.1", "a")}),
       {},
       {},
       lines({line("fd00::1", "a")}),
       false},
      {"not if others come elsewhere", lines({line("245.0.0.1", "a")}), {}, {}, lines({line("245.0.0.2", "b")}), false},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.title));
    CHECK(depend_on_each_other({{0, &row.seen0}, {1, &row.seen1}}, {{0, &row.wanted0}, {1, &row.wanted1}}) ==
          row.depend);
  }
}

TEST_CASE("what only frees takes nothing, and lets no line go to another host at once") {
  const auto seen =
      lines({line("245.0.0.1", "a"), line("245.0.0.2", "b"), line("245.0.0.3", "c", 1, false), line("245.0.0.4", "d")});
  const auto wanted =
      lines({line("245.0.0.1", "b", 2), line("245.0.0.3", "c", 2), line("245.0.0.4", "d"), line("245.0.0.5", "e", 2)});
  CHECK(ShardPlan::freed_only(seen, wanted) ==
        lines({line("245.0.0.1", "a", 1, false), line("245.0.0.3", "c", 1, false), line("245.0.0.4", "d")}));
}

}  // namespace meridian::ledger
