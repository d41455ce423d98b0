#include "upstream/timing_wheel.hpp"

#include <doctest/doctest.h>

#include <map>

using meridian::upstream::TimingWheel;
using std::chrono::milliseconds;
using Time = TimingWheel::Time;

TEST_CASE("alarms of a timing wheel") {
  boost::asio::io_context loop;
  std::map<std::uint64_t, Time> rung;
  std::function<void(std::uint64_t)> also;
  TimingWheel wheel(loop, [&](std::uint64_t number) {
    rung[number] = TimingWheel::Clock::now();
    if (also) also(number);
  });
  const auto start = TimingWheel::Clock::now();

  SUBCASE("ring once each, not before their time, and then the loop has nothing left to do") {
    for (unsigned i = 0; i < 300; ++i) wheel.set(start + milliseconds(i % 100), i);
    CHECK(loop.run() > 0);
    REQUIRE(rung.size() == 300);
    for (const auto& [number, time] : rung) CHECK(time >= start + milliseconds(number % 100));
  }
  SUBCASE("that are further away than one turn of the wheel ring in a later one") {
    wheel.set(start + milliseconds(2700), 1);
    wheel.set(start + milliseconds(140), 2);
    loop.run();
    REQUIRE(rung.size() == 2);
    CHECK(rung[1] >= start + milliseconds(2700));
    CHECK(rung[2] < rung[1]);
  }
  SUBCASE("that are set earlier than the next one do not wait for it") {
    wheel.set(start + milliseconds(2000), 1);
    wheel.set(start + milliseconds(20), 2);
    while (rung.empty()) loop.run_one();
    CHECK(rung.begin()->first == 2);
    CHECK(rung.begin()->second < start + milliseconds(2000));
  }
  SUBCASE("that are set while others ring, or for a time that is over, ring too") {
    also = [&](std::uint64_t number) {
      if (number < 20) wheel.set(start, number + 1);
    };
    wheel.set(start, 1);
    loop.run();
    CHECK(rung.size() == 20);
  }
}
