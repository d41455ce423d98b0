#pragma once
// Coroutines in tests: run one to its end on the test's own loop.

#include <doctest/doctest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

namespace meridian::test {

inline constexpr std::chrono::seconds kTestDeadline{30};

// Runs `loop` until `condition` holds, at most kTestDeadline; whether it does.
inline bool run_until(boost::asio::io_context& loop, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kTestDeadline;
  while (!condition() && std::chrono::steady_clock::now() < end) {
    if (loop.stopped()) loop.restart();
    loop.run_one_for(std::chrono::milliseconds(20));
  }
  return condition();
}

// What `work` returns; what it throws is thrown here. A test fails if it does not end.
template <class T>
T run(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  bool done = false;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e) { failure = e, done = true; });
    REQUIRE_MESSAGE(run_until(loop, [&] { return done; }), "the coroutine did not end");
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e, T value) {
      failure = e, done = true;
      if (!e) result.emplace(std::move(value));
    });
    REQUIRE_MESSAGE(run_until(loop, [&] { return done; }), "the coroutine did not end");
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace meridian::test
