// MERIDIAN_CACHE_RUNS: how many random histories of each kind (20 by default); MERIDIAN_SEED: the first one's seed,
// which a failure names.

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "upstream/cache_model.hpp"

using namespace meridian;
using namespace meridian::test;
using namespace std::chrono_literals;

namespace {

// A history of one cache and its model. `roomy`: all that is stored has room, so nothing may be missing.
class History {
 public:
  History(unsigned seed, bool roomy) : random_(seed), roomy_(roomy), cache_(adopt(random_settings()), seed) {}

  void run(unsigned steps) {
    for (unsigned i = 0; i < steps; ++i) {
      CAPTURE(i);
      step();
      REQUIRE(cache_.usage().octets <= settings_.size);
    }
  }

 private:
  struct Question {
    dns::Query query;
    std::string name, key;
  };

  unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }

  config::Forward::Cache random_settings() {
    config::Forward::Cache settings;
    settings.size = std::array<std::uint64_t, 4>{2 << 10, 20 << 10, 100 << 10, 500 << 10}[below(4)];
    if (roomy_) settings.size = std::array<std::uint64_t, 3>{16 << 20, 24 << 20, 64 << 20}[below(3)];
    settings.serve_stale = std::array{0s, 60s, 3600s}[below(3)];
    settings.prefetch = below(4) != 0;
    return settings;
  }
  const config::Forward::Cache& adopt(const config::Forward::Cache& settings) {
    model_.serve_stale = settings.serve_stale;
    model_.prefetch = settings.prefetch;
    return settings_ = settings;
  }

  // Few names, so that they meet again, nest, and end alike.
  std::string name() {
    static constexpr const char* kLabels[] = {"a", "b", "xa", "www", "api", "a-name-that-is-rather-long-for-a-label"};
    std::string name = "test";
    for (unsigned depth = below(4); depth > 0; --depth) name = std::string(kLabels[below(6)]) + "." + name;
    return name;
  }
  Question question() {
    Question q{{}, name(), {}};
    const auto type = below(2) ? dns::Type::A : dns::Type::AAAA;
    q.query = question_of(q.name, type);
    q.query.checking_disabled = below(8) == 0;
    if (below(2)) q.query.edns = dns::Edns{.dnssec_ok = below(4) == 0};
    q.key = q.name + " " + dns::to_text(type) + (q.query.checking_disabled ? " CD" : "") +
            (q.query.edns && q.query.edns->dnssec_ok ? " DO" : "");
    return q;
  }
  // Who asks has read the clock a little before.
  Cache::Time now() { return now_ - std::chrono::milliseconds(below(20)); }

  void ask(const Question& q, Cache::Time when) {
    CAPTURE(q.key);
    const std::string real = test::ask(cache_, q.query, when);
    const std::string expected = model_.ask(q.key, when);
    if (!roomy_ && real == "missing") return model_.forget(q.key);  // it had to leave
    REQUIRE(real == expected);
  }

  void store(const Question& q) {
    std::vector<std::uint32_t> ttls;
    for (unsigned i = below(4); i < 4; ++i) ttls.push_back(1 + below(below(3) ? 30 : 4000));
    const bool long_one = below(10) == 0;
    const std::string text(below(long_one ? 3000 : 60), static_cast<char>('a' + below(26)));
    const bool denial = below(5) == 0;
    const auto when = now();
    cache_.store(cache_.key_of(q.query), CachedReply(q.query, ttls, text, denial).kept(), when);
    model_.store(q.key, q.name, ttls, text, denial, when);
  }

  void fail(const Question& q) {
    const auto when = now();
    ask(q, when);  // so that the model knows if the reply had to leave
    const auto error = below(2) ? dns::ExtendedError::NetworkError : dns::ExtendedError::InvalidData;
    const auto pause = std::chrono::seconds(1 + below(5));
    cache_.failed(cache_.key_of(q.query), error, pause, when);
    model_.failed(q.key, q.name, error, pause, when);
  }

  void flush() {
    const std::string name = this->name();
    const bool deep = below(2);
    const std::size_t replies = cache_.flush(dns::FoldedName(*dns::Name::from_text(name)), deep);
    const auto expected = model_.flush(name, deep, now_ - 20ms);
    REQUIRE(replies <= expected.most);
    if (roomy_) REQUIRE(replies >= expected.least);
  }

  void step() {
    const unsigned what = below(1000);
    if (what < 550) {
      ask(question(), now());
    } else if (what < 880) {
      store(question());
    } else if (what < 970) {
      fail(question());
    } else if (what < 990) {
      flush();
    } else if (what < 992) {
      cache_.flush_all();
      model_.forget_all();
    } else if (what < 996) {
      // What was of no use under the old serve-stale and is of use under the new one may be there or not.
      cache_.configure(adopt(random_settings()));
      cache_.flush_all();
      model_.forget_all();
    } else {
      auto resized = random_settings();
      resized.serve_stale = settings_.serve_stale;
      cache_.configure(adopt(resized));
      now_ += 20ms;  // what is of no use now went; nobody comes with an earlier time
    }
    const unsigned jump = below(100);
    now_ += std::chrono::milliseconds(jump == 0 ? below(7'200'000) : jump < 20 ? below(8'000) : below(100));
  }

  std::mt19937 random_;
  bool roomy_;
  config::Forward::Cache settings_;
  CacheModel model_;
  Cache cache_;
  Cache::Time now_ = at(0);
};

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

}  // namespace

TEST_CASE("random histories of a cache are those of a plain map, and a full one forgets but never errs") {
  const unsigned first = number_from("MERIDIAN_SEED", 1), runs = number_from("MERIDIAN_CACHE_RUNS", 20);
  for (unsigned seed = first; seed < first + runs; ++seed) {
    CAPTURE(seed);
    for (const bool roomy : {true, false}) {
      CAPTURE(roomy);
      History(seed, roomy).run(2'000);
    }
  }
}
