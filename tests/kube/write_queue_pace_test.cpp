#include <doctest/doctest.h>

#include "kube/write_queue.hpp"

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

std::string due(WriteQueue& queue, Time now) {
  std::string names;
  while (const auto write = queue.take(now)) names += write->entry.name;
  return names;
}

// Lets the same write end so until `times` is over; the last wait.
Time::duration wait_after(WriteQueue& queue, const Verdict& verdict, int times) {
  Time now = kNow;
  Time::duration wait{};
  for (int i = 0; i < times; ++i) {
    const auto write = queue.take(now);
    REQUIRE(write);
    queue.finish(*write, verdict, now);
    while (!due(queue, now).empty()) FAIL("due at once");  // take() moves what a closed namespace holds
    const auto next = queue.next_due();
    REQUIRE(next);
    wait = *next - now;
    now = *next;
  }
  return wait;
}

TEST_CASE("a write that did not succeed is tried again") {
  const struct {
    const char* title;
    Kind kind;
    Time::duration least_first, most_first, least_last, most_last;
  } cases[] = {
      {"rarely after a conflict", Kind::Conflict, milliseconds(2500), seconds(5), minutes(5), minutes(10)},
      {"rarely after a webhook's no", Kind::Denied, milliseconds(2500), seconds(5), minutes(5), minutes(10)},
      {"rarely if it would be invalid", Kind::Invalid, milliseconds(2500), seconds(5), minutes(5), minutes(10)},
      {"rarely if it is changed on the way", Kind::NotKept, milliseconds(2500), seconds(5), minutes(5), minutes(10)},
      {"rarely after RBAC's no", Kind::Forbidden, milliseconds(2500), seconds(5), minutes(5), minutes(10)},
      {"soon after a 5xx", Kind::Failed, milliseconds(250), milliseconds(500), minutes(1), minutes(2)},
      {"soon if the path is not served", Kind::NotServed, milliseconds(250), milliseconds(500), minutes(1), minutes(2)},
      {"at once, nearly, without an answer", Kind::Unreachable, milliseconds(100), milliseconds(200), seconds(15),
       seconds(30)},
      {"at once, nearly, after a 429", Kind::Throttled, milliseconds(100), milliseconds(200), seconds(15), seconds(30)},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      WriteQueue first, later;
      first.want(kA, kVip, {}, kNow);
      later.want(kA, kVip, {}, kNow);
      const auto soon = wait_after(first, {.kind = c.kind}, 1), late = wait_after(later, {.kind = c.kind}, 20);
      CHECK(soon >= c.least_first);
      CHECK(soon <= c.most_first);
      CHECK(late >= c.least_last);
      CHECK(late <= c.most_last);
    }
  }
  SUBCASE("not before the server asked for") {
    for (const auto kind : {Kind::Throttled, Kind::Failed}) {
      WriteQueue queue;
      queue.want(kA, kVip, {}, kNow);
      CHECK(wait_after(queue, {.kind = kind, .retry_after = seconds(7)}, 1) >= seconds(7));
    }
  }
}

TEST_CASE("the trouble of") {
  WriteQueue queue;
  for (const auto& entry : {kA, kB, kC}) queue.want(entry, kVip, {}, kNow);
  const auto a = queue.take(kNow);
  REQUIRE(a);
  SUBCASE("one entry is not another's") {
    queue.finish(*a, {.kind = Kind::Conflict}, kNow);
    CHECK(due(queue, kNow) == "bc");
  }
  SUBCASE("one namespace, that RBAC closes, is not another's") {
    queue.finish(*a, {.kind = Kind::Forbidden}, kNow);
    CHECK(due(queue, kNow) == "c");
    CHECK(due(queue, kNow + seconds(5)) == "ba");  // what has not been tried comes first
  }
  SUBCASE("a namespace that RBAC closes is told of once, whichever entry shows it, until one is let through") {
    const auto forbid = [&](const std::optional<WriteQueue::Write>& write, Time now) {
      REQUIRE(write);
      return queue.finish(*write, {.kind = Kind::Forbidden, .text = "not " + write->entry.name}, now);
    };
    const auto b = queue.take(kNow), c = queue.take(kNow);
    CHECK(forbid(a, kNow));
    CHECK_FALSE(forbid(b, kNow));
    CHECK(forbid(c, kNow));  // of another namespace
    queue.forget("prod", "b");
    queue.forget("test", "c");
    const Time later = kNow + minutes(30);
    CHECK_FALSE(forbid(queue.take(later), later));
    const Time open = later + minutes(30);
    const auto let_through = queue.take(open);
    REQUIRE(let_through);
    queue.finish(*let_through, {}, open);
    queue.want(kA, kOther, kVip, open);
    CHECK(forbid(queue.take(open), open));
  }
  SUBCASE("a namespace ends with its first answer: the next trouble is a new one") {
    queue.forget("prod", "b");
    queue.forget("test", "c");
    queue.finish(*a, {.kind = Kind::Forbidden}, kNow);
    Time now = kNow;
    const auto end_next = [&](Kind kind) {
      now += minutes(11);
      const auto write = queue.take(now);
      REQUIRE(write);
      queue.finish(*write, {.kind = kind}, now);
    };
    for (int i = 0; i < 10; ++i) end_next(Kind::Forbidden);
    CHECK(due(queue, now + minutes(1)).empty());
    end_next(Kind::Conflict);
    end_next(Kind::Forbidden);
    CHECK(due(queue, now + seconds(5)) == "a");
  }
  SUBCASE("the server is everybody's, and ends with its first answer") {
    queue.finish(*a, {.kind = Kind::Unreachable}, kNow);
    CHECK(due(queue, kNow).empty());
    CHECK(queue.next_due() > kNow);
    const Time later = kNow + milliseconds(200);
    const auto next = queue.take(later);
    REQUIRE(next);
    CHECK(next->entry.name == "b");  // those that have not been tried come first
    queue.finish(*next, {}, later);
    CHECK(due(queue, later) == "ca");
  }
  SUBCASE("requests that fail together counts once") {
    const auto b = queue.take(kNow), c = queue.take(kNow);
    for (const auto& write : {a, b, c}) queue.finish(*write, {.kind = Kind::Unreachable}, kNow);
    CHECK(*queue.next_due() - kNow <= milliseconds(200));
  }
}

TEST_CASE("while a write waits for its next try") {
  WriteQueue queue;
  queue.want(kA, kVip, {}, kNow);
  queue.finish(*queue.take(kNow), {.kind = Kind::Conflict}, kNow);
  SUBCASE("news of its entry do not hurry it") {
    queue.want(kA, kVip, {}, kNow);
    CHECK(due(queue, kNow).empty());
  }
  SUBCASE("another wish has not been tried yet") {
    queue.want(kA, kOther, {}, kNow);
    CHECK(due(queue, kNow) == "a");
  }
  SUBCASE("a re-created entry is another one") {
    queue.want({"prod", "a", "another"}, kVip, {}, kNow);
    CHECK(due(queue, kNow) == "a");
  }
}

TEST_CASE("a refusal is news") {
  WriteQueue queue;
  Time now = kNow;
  queue.want(kA, kVip, {}, now);
  const auto ends = [&](Kind kind, const char* text) {
    now += minutes(60);
    const auto write = queue.take(now);
    REQUIRE(write);
    return queue.finish(*write, {.kind = kind, .text = text}, now);
  };
  CHECK(ends(Kind::Conflict, "argocd has it"));
  SUBCASE("once for each text") {
    CHECK_FALSE(ends(Kind::Conflict, "argocd has it"));
    CHECK(ends(Kind::Denied, "a webhook says no"));
    CHECK_FALSE(ends(Kind::Conflict, "argocd has it"));
  }
  SUBCASE("and a failure is none") {
    CHECK_FALSE(ends(Kind::Failed, "etcd is away"));
  }
  SUBCASE("again after a write that went well") {
    CHECK_FALSE(ends(Kind::Done, ""));
    queue.want(kA, kOther, kVip, kNow);
    CHECK(ends(Kind::Conflict, "argocd has it"));
  }
  SUBCASE("again of a re-created entry") {
    queue.want({"prod", "a", "another"}, kVip, {}, kNow);
    CHECK(ends(Kind::Conflict, "argocd has it"));
  }
}

}  // namespace
}  // namespace meridian::kube
