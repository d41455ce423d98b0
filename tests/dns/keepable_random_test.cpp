// Replies that are made up at random, from which it is known what may be kept of them.

#include <meridian/dns/keepable.hpp>

#include <doctest/doctest.h>

#include <random>

#include "kept.hpp"

using namespace meridian::dns;
using namespace meridian::dns::test;
namespace oracle = meridian::oracle;

namespace {

// A record with the TTL that the upstream sends, and with the one that we write.
struct Record {
  std::string owner, rest;
  std::uint64_t ttl, written;
  std::string sent() const { return text(ttl); }
  std::string told() const { return text(written); }

 private:
  std::string text(std::uint64_t seconds) const { return owner + " " + std::to_string(seconds) + " IN " + rest; }
};

class MadeUp {
 public:
  explicit MadeUp(std::mt19937& random) : random_(random) {
    limits = {.max = pick<std::uint32_t>({60, 3600, 86400}),
              .min = pick<std::uint32_t>({0, 0, 0, 5}),
              .negative_max = pick<std::uint32_t>({3, 60, 10800})};
    signed_ = chance(3);
    links_ = chance(8) ? below(20) : below(4);
    if (links_ > 16) spoilt_ = true;
    make_answer();
    make_authority();
    std::shuffle(answer_.begin(), answer_.end(), random_);
    if (chance(4)) spoil();
  }

  TtlLimits limits;

  oracle::Message message() const {
    auto reply = reply_to(name(0) + " IN A", {}, {}, rcode_);
    for (const auto& record : answer_) reply.answer.push_back(record.sent());
    for (const auto& record : front_) reply.authority.push_back(record.sent());
    for (const auto& record : rest_) reply.authority.push_back(record.sent());
    if (links_ % 2 == 0) reply.additional = {"ns.example. 77 IN A 192.0.2.53"};
    reply.edns = links_ % 3 == 0;
    reply.tc = truncated_;
    return reply;
  }

  // As Kept::text().
  std::string kept() const {
    std::uint64_t seconds = ~0u;
    for (const auto& record : answer_) seconds = std::min(seconds, record.written);
    for (const auto& record : front_) seconds = std::min(seconds, record.written);
    if (spoilt_ || seconds == 0) return "not kept";
    std::string text = std::to_string(seconds) + (denial_ ? " s denial:" : " s:");
    for (const auto& record : answer_) text += (text.ends_with(':') ? " " : ", ") + record.told();
    if (!front_.empty()) text += " /";
    for (const auto& record : front_) text += (text.ends_with('/') ? " " : ", ") + record.told();
    return text;
  }

 private:
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  bool chance(unsigned one_of) { return below(one_of) == 0; }
  template <class T>
  T pick(std::initializer_list<T> of) {
    return of.begin()[below(static_cast<unsigned>(of.size()))];
  }

  // Of the chain; they share suffixes, so that ldns compresses them in many ways.
  static std::string name(unsigned link) {
    return "n" + std::to_string(link) + (link % 3 == 0 ? ".www" : "") + ".example.";
  }

  std::uint64_t limited(std::uint64_t ttl) const {
    return std::min<std::uint64_t>(std::max<std::uint64_t>(ttl, limits.min), limits.max);
  }
  Record record(const std::string& owner, const std::string& rest) {
    const auto ttl = chance(100) ? 0 : pick<std::uint64_t>({1, 30, 60, 61, 3600, 7200, 86401, 2147483648, 4294967295});
    return {owner, rest, ttl, limited(ttl)};
  }
  void add(std::vector<Record>& section, const std::string& owner, const std::string& type, const std::string& data) {
    section.push_back(record(owner, type + " " + data));
    if (signed_) {
      section.push_back(record(owner, "RRSIG " + type + " 8 2 60 20300101000000 20200101000000 1 example. YQ=="));
    }
  }

  void make_answer() {
    for (unsigned link = 0; link < links_; ++link) add(answer_, name(link), "CNAME", name(link + 1));
    if (chance(8)) answer_.push_back(record("example.", "DNAME example.net."));
    denial_ = chance(2);
    if (denial_) {
      rcode_ = pick({0u, 3u});
    } else {
      for (unsigned i = 0; i <= below(4); ++i) add(answer_, name(links_), "A", "192.0.2." + std::to_string(i));
    }
  }

  void make_authority() {
    if (denial_) {
      const auto minimum = pick<std::uint64_t>({1, 5, 60, 3600, 4294967295});
      add(front_, pick<std::string>({".", "example.", name(links_)}), "SOA",
          "ns.example. host.example. 1 2 3 4 " + std::to_string(minimum));
      auto& written = front_[0].written;
      written = std::min<std::uint64_t>({written, limited(minimum), limits.negative_max});
    }
    if (signed_) add(front_, "example.", "NSEC", "zz.example. A");
    if (chance(3)) add(rest_, "example.", "NS", "ns.example.");
  }

  void spoil() {
    spoilt_ = true;
    const auto at = answer_.begin() + static_cast<std::ptrdiff_t>(below(static_cast<unsigned>(answer_.size() + 1)));
    switch (below(denial_ ? 8 : 6)) {
      case 0:
        answer_.insert(at, record("bank.example.", "A 192.0.2.66"));
        break;
      case 1:
        answer_.insert(at, record(name(below(links_ + 1)), "TXT \"x\""));
        break;
      case 2:
        truncated_ = true;
        break;
      case 3:
        rcode_ = pick({1u, 2u, 4u, 5u});
        break;
      case 4:
        rest_.insert(rest_.begin(), record("example.", "NS ns.example."));
        rest_.push_back(record("example.", "NSEC zz.example. A"));
        break;
      case 5:
        answer_.insert(at, record(name(links_), "CNAME " + name(below(links_ + 1))));
        break;
      case 6:
        front_.erase(front_.begin());
        break;
      case 7:
        front_[0].owner = pick<std::string>({"x." + name(links_), "xample.", "net."});
        break;
    }
  }

  std::mt19937& random_;
  bool signed_ = false, denial_ = false, truncated_ = false, spoilt_ = false;
  unsigned links_ = 0, rcode_ = 0;
  std::vector<Record> answer_, front_, rest_;
};

}  // namespace

TEST_CASE("of a reply made up at random is kept what belongs to it") {
  std::mt19937 random(2308);
  unsigned kept = 0, denials = 0;
  for (int i = 0; i < 5'000; ++i) {
    const MadeUp reply(random);
    const auto message = reply.message();
    CAPTURE(i);
    const Kept result(message, reply.limits);
    REQUIRE(result.text() == reply.kept());
    if (result.keepable) ++(result.keepable->denial ? denials : kept);
  }
  CHECK(kept > 1'000);
  CHECK(denials > 1'000);
}
