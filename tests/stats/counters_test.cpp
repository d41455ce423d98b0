#include <doctest/doctest.h>

#include <meridian/stats/counters.hpp>
#include <set>
#include <string>

namespace stats = meridian::stats;

TEST_CASE("a question counts under its type") {
  struct {
    const char* title;
    std::uint16_t type;
    const char* label;
  } cases[] = {
      {"A", 1, "A"},        {"NS", 2, "NS"},        {"SOA", 6, "SOA"},
      {"PTR", 12, "PTR"},   {"MX", 15, "MX"},       {"TXT", 16, "TXT"},
      {"AAAA", 28, "AAAA"}, {"SRV", 33, "SRV"},     {"DS", 43, "DS"},
      {"SVCB", 64, "SVCB"}, {"HTTPS", 65, "HTTPS"}, {"ANY", 255, "ANY"},
      {"zero", 0, "other"}, {"CAA", 257, "other"},  {"the last", 65535, "other"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(std::string(stats::to_text(stats::bucket(c.type))) == c.label);
    }
  }
}

TEST_CASE("a reply counts under its code") {
  struct {
    const char* title;
    std::uint16_t rcode;
    const char* label;
  } cases[] = {
      {"NOERROR", 0, "NOERROR"},        {"FORMERR", 1, "FORMERR"},
      {"SERVFAIL", 2, "SERVFAIL"},      {"NXDOMAIN", 3, "NXDOMAIN"},
      {"NOTIMP", 4, "NOTIMP"},          {"REFUSED", 5, "REFUSED"},
      {"YXDOMAIN is rare", 6, "other"}, {"the number that Dropped has in the enumeration is another code", 7, "other"},
      {"BADVERS", 16, "other"},         {"the largest", 65535, "other"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(std::string(stats::to_text(stats::rcode_bucket(c.rcode))) == c.label);
    }
  }
  CHECK(std::string(stats::to_text(stats::RCode::Dropped)) == "dropped");
}

// Every value of an enumeration has a text, and no two share one.
template <class E>
static std::set<std::string> labels() {
  std::set<std::string> all;
  for (std::size_t i = 0; i < stats::cells<E>; ++i) all.insert(stats::to_text(static_cast<E>(i)));
  return all;
}

TEST_CASE("labels are different from each other") {
  CHECK(labels<stats::QType>().size() == stats::cells<stats::QType>);
  CHECK(labels<stats::RCode>().size() == stats::cells<stats::RCode>);
  CHECK(labels<stats::Place>() == std::set<std::string>{"cached", "chaos", "error", "forwarded", "host", "refused",
                                                        "reverse", "special", "wildcard", "zone"});
  CHECK(labels<stats::Transport>() == std::set<std::string>{"tcp", "udp"});
  CHECK(std::string(stats::to_text(stats::Place::Zone)) == "zone");
  CHECK(std::string(stats::to_text(stats::Place::Error)) == "error");
  CHECK(std::string(stats::to_text(stats::Transport::Udp)) == "udp");
}

TEST_CASE("each combination of labels has a cell of its own") {
  using namespace stats;
  Queries queries;
  std::set<const Counter*> seen;
  for (std::size_t t = 0; t < cells<Transport>; ++t)
    for (std::size_t q = 0; q < cells<QType>; ++q)
      for (std::size_t r = 0; r < cells<RCode>; ++r)
        for (std::size_t p = 0; p < cells<Place>; ++p)
          seen.insert(&queries.at(Transport(t), QType(q), RCode(r), Place(p)));
  CHECK(seen.size() == queries.cell.size());
  CHECK(*seen.begin() == queries.cell.data());
  CHECK(*seen.rbegin() == &queries.cell.back());
}

TEST_CASE("counters count") {
  stats::Counter counter;
  counter.add();
  counter.add(41);
  CHECK(counter.get() == 42);
  stats::Gauge gauge;
  gauge.set(2);
  gauge.add(-5);
  CHECK(gauge.get() == -3);
}
