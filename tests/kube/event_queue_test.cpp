#include "kube/event_queue.hpp"

#include <doctest/doctest.h>

namespace meridian::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const EventQueue::Time kNow = EventQueue::Time{} + std::chrono::hours(1000);

Event event(const std::string& text, const std::string& uid = "1", const std::string& reason = "VipConflict") {
  return {.entry = {"prod", "a", uid}, .reason = reason, .text = text};
}

std::string taken(EventQueue& queue) {
  std::string texts;
  while (const auto next = queue.take()) texts += next->event.text;
  return texts;
}

TEST_CASE("what is told of an entry") {
  EventQueue queue;
  SUBCASE("goes out in the order it came") {
    for (const auto* text : {"a", "b", "c"}) queue.add(event(text), kNow);
    CHECK(taken(queue) == "abc");
  }
  SUBCASE("is counted while it waits, with the time it was last so") {
    Event again = event("a");
    again.last = again.first + seconds(5);
    queue.add(event("a"), kNow);
    queue.add(again, kNow);
    const auto next = queue.take();
    REQUIRE(next);
    CHECK(next->event.count == 2);
    CHECK(next->event.last == again.last);
    CHECK_FALSE(queue.take());
  }
  SUBCASE("is not told again within the hour") {
    queue.add(event("a"), kNow);
    CHECK(taken(queue) == "a");
    queue.add(event("a"), kNow + minutes(59));
    CHECK(taken(queue).empty());
    queue.add(event("a"), kNow + minutes(60));
    CHECK(taken(queue) == "a");
  }
  SUBCASE("is another thing with another text, reason or uid") {
    queue.add(event("a"), kNow);
    queue.add(event("b"), kNow);
    queue.add(event("a", "2"), kNow);
    queue.add(event("a", "1", "VipsExhausted"), kNow);
    CHECK(taken(queue) == "abaa");
  }
  SUBCASE("stays the next when it did not get through") {
    queue.add(event("a"), kNow);
    queue.add(event("b"), kNow);
    queue.put_back(*queue.take());
    queue.add(event("a"), kNow);
    CHECK(queue.size() == 2);
    CHECK(taken(queue) == "ab");
  }
  SUBCASE("is no news after ten minutes of waiting, and may come again") {
    queue.add(event("a"), kNow);
    queue.add(event("b"), kNow + minutes(5));
    CHECK(queue.expire(kNow + minutes(10)) == 0);
    CHECK(queue.expire(kNow + minutes(11)) == 1);
    queue.add(event("a"), kNow + minutes(11));
    CHECK(taken(queue) == "ba");
  }
}

TEST_CASE("a queue of Events is bounded") {
  EventQueue queue;
  SUBCASE("in what waits: the oldest makes room, and may come again") {
    for (std::size_t i = 0; i < EventQueue::kMostWaiting; ++i) CHECK(queue.add(event(std::to_string(i)), kNow));
    CHECK_FALSE(queue.add(event("one more"), kNow));
    CHECK(queue.size() == EventQueue::kMostWaiting);
    CHECK(queue.take()->event.text == "1");
    CHECK(queue.add(event("0"), kNow));
  }
  SUBCASE("in what it remembers: the oldest is told again") {
    for (std::size_t i = 0; i < EventQueue::kMostRemembered + 2; ++i) {
      queue.add(event(std::to_string(i)), kNow);
      REQUIRE(queue.take());
    }
    queue.add(event("0"), kNow);
    queue.add(event("8000"), kNow);
    CHECK(taken(queue) == "0");
  }
}

}  // namespace
}  // namespace meridian::kube
