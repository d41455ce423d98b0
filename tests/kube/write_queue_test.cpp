#include "kube/write_queue.hpp"

#include <doctest/doctest.h>

namespace meridian::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Verdict::Kind;
using Time = WriteQueue::Time;

const ObjectRef kA{"prod", "a", "1"}, kB{"prod", "b", "2"}, kC{"test", "c", "3"};
const std::string kVip = "245.1.2.3", kOther = "245.9.9.9";
const Time kNow = Time{} + std::chrono::hours(1000);

// The names of what is due, in order; all of it is in flight then.
std::string due(WriteQueue& queue, Time now) {
  std::string names;
  while (const auto write = queue.take(now)) names += write->entry.name;
  return names;
}

// Takes the next write and lets it end so; whether the text is news.
bool end(WriteQueue& queue, Verdict verdict, Time now) {
  const auto write = queue.take(now);
  REQUIRE(write);
  return queue.finish(*write, verdict, now);
}

TEST_CASE("a queue of writes") {
  WriteQueue queue;
  SUBCASE("sends nothing for what is so already") {
    queue.want(kA, kVip, kVip, kNow);
    queue.want(kB, std::nullopt, std::nullopt, kNow);
    CHECK(queue.pending() == 0);
    CHECK_FALSE(queue.next_due());
  }
  SUBCASE("takes what is due first come, first served, and each entry once") {
    queue.want(kB, kVip, {}, kNow);
    queue.want(kA, kVip, {}, kNow);
    queue.want(kB, kVip, {}, kNow);
    CHECK(queue.next_due() == kNow);
    CHECK(due(queue, kNow) == "ba");
    CHECK(queue.pending() == 2);
    CHECK_FALSE(queue.next_due());
  }
  SUBCASE("sends the newest wish") {
    queue.want(kA, kVip, {}, kNow);
    queue.want(kA, kOther, {}, kNow);
    const auto write = queue.take(kNow);
    REQUIRE(write);
    CHECK(write->address == kOther);
    CHECK(due(queue, kNow).empty());
  }
  SUBCASE("sends a wish that came while an older one was in flight, behind it") {
    queue.want(kA, kVip, {}, kNow);
    const auto first = queue.take(kNow);
    queue.want(kA, std::nullopt, {}, kNow);
    CHECK(due(queue, kNow).empty());
    queue.finish(*first, {}, kNow);
    const auto second = queue.take(kNow);
    REQUIRE(second);
    CHECK_FALSE(second->address);
    queue.finish(*second, {}, kNow);
    CHECK(queue.pending() == 0);
  }
  SUBCASE("drops a wish that fulfils itself") {
    queue.want(kA, kVip, {}, kNow);
    queue.want(kA, kVip, kVip, kNow);
    CHECK(queue.pending() == 0);
    CHECK(due(queue, kNow).empty());
  }
  SUBCASE("remembers what it wrote") {
    queue.want(kA, kVip, {}, kNow);
    end(queue, {}, kNow);
    queue.want(kA, kVip, kVip, kNow);
    CHECK(queue.pending() == 0);
  }
  SUBCASE("forgets what is gone, also in flight") {
    queue.want(kA, kVip, {}, kNow);
    queue.want(kB, kVip, {}, kNow);
    const auto write = queue.take(kNow);
    queue.forget("prod", "a");
    queue.forget("prod", "b");
    queue.forget("prod", "never seen");
    queue.finish(*write, {.kind = Kind::Failed}, kNow);
    CHECK(queue.pending() == 0);
    CHECK(due(queue, kNow + minutes(60)).empty());
  }
  SUBCASE("has never two requests of one entry in flight, though it was forgotten between them") {
    queue.want(kA, kVip, {}, kNow);
    const auto first = queue.take(kNow);
    queue.forget("prod", "a");
    queue.want(kA, kOther, {}, kNow);
    CHECK(due(queue, kNow).empty());
    queue.finish(*first, {}, kNow);
    CHECK(queue.take(kNow)->address == kOther);
  }
  SUBCASE("does not think of a re-created entry what was written to its predecessor") {
    queue.want(kA, kVip, {}, kNow);
    const auto first = queue.take(kNow);
    queue.want({"prod", "a", "another"}, kVip, {}, kNow);
    queue.finish(*first, {.kind = Kind::Gone}, kNow);
    const auto second = queue.take(kNow);
    REQUIRE(second);
    CHECK(second->entry.uid == "another");
  }
  SUBCASE("owes nothing to an entry that the server does not find") {
    queue.want(kA, kVip, {}, kNow);
    CHECK_FALSE(end(queue, {.kind = Kind::Gone, .text = "not found"}, kNow));
    CHECK(queue.pending() == 0);
  }
}

TEST_CASE("a watch that tells of an entry while it is written") {
  WriteQueue queue;
  queue.want(kA, kVip, {}, kNow);
  const auto write = queue.take(kNow);
  SUBCASE("and lags, is not believed more than the answer") {
    queue.want(kA, kVip, {}, kNow);
    queue.finish(*write, {}, kNow);
    CHECK(queue.pending() == 0);
  }
  SUBCASE("and is ahead of the answer, is believed") {
    queue.want(kA, kVip, kVip, kNow);
    queue.want(kA, kVip, {}, kNow);  // somebody has taken the list away since
    queue.finish(*write, {}, kNow);
    CHECK(queue.pending() == 1);
    CHECK(due(queue, kNow).empty());
    CHECK(due(queue, kNow + seconds(1)) == "a");
  }
  SUBCASE("and lags behind the answer, has time to catch up") {
    queue.finish(*write, {}, kNow);
    queue.want(kA, kVip, {}, kNow);
    CHECK(due(queue, kNow + milliseconds(499)).empty());
    queue.want(kA, kVip, kVip, kNow + milliseconds(499));
    CHECK(queue.pending() == 0);
  }
}

TEST_CASE("a list that somebody undoes") {
  WriteQueue queue;
  queue.want(kA, kVip, {}, kNow);
  end(queue, {}, kNow);
  Time now = kNow;
  const auto undone_and_written = [&] {
    queue.want(kA, kVip, {}, now);
    const auto next = queue.next_due();
    REQUIRE(next);
    const auto waited = *next - now;
    now = *next;
    end(queue, {}, now);
    return waited;
  };
  SUBCASE("is written again more and more rarely") {
    CHECK(undone_and_written() <= seconds(1));
    for (int i = 0; i < 20; ++i) undone_and_written();
    CHECK(undone_and_written() >= minutes(5));
    CHECK(undone_and_written() <= minutes(10));
  }
  SUBCASE("is written again soon if that was long ago") {
    for (int i = 0; i < 20; ++i) undone_and_written();
    now += minutes(21);
    CHECK(undone_and_written() <= seconds(1));
  }
}

}  // namespace
}  // namespace meridian::kube
