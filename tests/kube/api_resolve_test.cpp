// Lookups that take as long as the test wants: no network, and no time that decides.
#include "kube/api_resolve.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include "running.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using namespace test;  // NOLINT: the words of running.hpp
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

// A DNS in which every name but "quick" waits until the test lets it go. Its threads may outlive the test: they share.
struct SlowNames {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> asked = 0, answered = 0;

  Resolver::Endpoints look_up(const std::string& host, error_code& error) {
    ++asked;
    if (host != "quick") open.wait();
    if (host == "unknown") error = asio::error::host_not_found;
    if (host == "thrown") throw std::runtime_error("thrown");
    ++answered;
    if (error) return {};
    return {{asio::ip::make_address("192.0.2.1"), 0}, {asio::ip::make_address("2001:db8::1"), 0}};
  }
};

struct Resolving {
  std::shared_ptr<SlowNames> names = std::make_shared<SlowNames>();
  std::shared_ptr<StopList> stops = std::make_shared<StopList>();
  std::unique_ptr<asio::io_context> loop = std::make_unique<asio::io_context>();
  std::unique_ptr<Resolver> resolver = std::make_unique<Resolver>(
      loop->get_executor(), stops,
      [names = names](const std::string& host, error_code& why) { return names->look_up(host, why); });
  int ended = 0;
  std::vector<tcp::endpoint> found;
  error_code error;
  bool is_open = false;

  ~Resolving() {
    open();
    const auto end = steady_clock::now() + kTestDeadline;
    while (names.use_count() > 2 && steady_clock::now() < end) std::this_thread::yield();  // resolver's and ours
  }
  void open() {
    if (!std::exchange(is_open, true)) names->gate.set_value();
  }
  auto handler() {
    return [this](std::exception_ptr e, std::vector<tcp::endpoint> endpoints) {
      ++ended;
      found = std::move(endpoints);
      try {
        if (e) std::rethrow_exception(e);
      } catch (const boost::system::system_error& failure) {
        error = failure.code();
      }
    };
  }
  void begin(const char* host, steady_clock::duration time = std::chrono::minutes(10)) {
    asio::co_spawn(*loop, resolver->resolve(host, 443, steady_clock::now() + time), handler());
  }
  bool until(const std::function<bool()>& condition) { return run_until(*loop, condition); }
};

TEST_CASE("a name is looked up") {
  Resolving r;
  SUBCASE("and has its addresses in the order they came in, with the port") {
    r.begin("quick");
    REQUIRE(r.until([&] { return r.ended == 1; }));
    REQUIRE(r.found.size() == 2);
    CHECK(r.found[0] == tcp::endpoint(asio::ip::make_address("192.0.2.1"), 443));
    CHECK(r.found[1] == tcp::endpoint(asio::ip::make_address("2001:db8::1"), 443));
  }
  SUBCASE("again when it is asked for again: addresses change") {
    for (int i = 1; i <= 3; ++i) {
      r.begin("quick");
      REQUIRE(r.until([&] { return r.ended == i; }));
      CHECK(r.names->asked == i);
    }
  }
  SUBCASE("but for an address, which is its own") {
    for (const char* address : {"192.0.2.7", "2001:db8::7"}) {
      r.begin(address);
      REQUIRE(r.until([&] { return r.found.size() == 1; }));
      CHECK(r.found[0] == tcp::endpoint(asio::ip::make_address(address), 443));
      r.found.clear();
    }
    CHECK(r.names->asked == 0);
  }
  SUBCASE("and what the lookup says is the error") {
    r.open();
    r.begin("unknown");
    REQUIRE(r.until([&] { return r.ended == 1; }));
    CHECK(r.error == asio::error::host_not_found);
  }
  SUBCASE("and what it throws ends no process") {
    r.open();
    r.begin("thrown");
    REQUIRE(r.until([&] { return r.ended == 1; }));
    CHECK(r.error == asio::error::no_memory);
  }
}

TEST_CASE("a lookup that hangs") {
  Resolving r;
  SUBCASE("holds no other name") {
    r.begin("slow");
    r.begin("quick");
    CHECK(r.until([&] { return r.ended == 1; }));
    CHECK_FALSE(r.error);
  }
  SUBCASE("is one for all who ask for the name, and each has a deadline") {
    for (int i = 1; i <= 3; ++i) {
      r.begin("slow", std::chrono::milliseconds(1));
      REQUIRE(r.until([&] { return r.ended == i; }));
      CHECK(r.error == asio::error::timed_out);
      r.error = {};
    }
    r.begin("slow");
    r.begin("slow");
    r.loop->poll();
    r.open();
    CHECK(r.until([&] { return r.ended == 5; }));
    CHECK_FALSE(r.error);
    CHECK(r.found.size() == 2);
    CHECK(r.names->asked == 1);
  }
  SUBCASE("does not hold stop()") {
    r.begin("slow");
    REQUIRE(r.until([&] { return r.names->asked == 1; }));
    r.stops->stop();
    CHECK(r.until([&] { return r.ended == 1; }));
    CHECK(r.error == asio::error::operation_aborted);
    r.begin("another");
    CHECK(r.until([&] { return r.ended == 2; }));
    CHECK(r.names->asked == 1);
  }
  SUBCASE("does not hold who is cancelled") {
    asio::cancellation_signal cancel;
    asio::co_spawn(*r.loop, r.resolver->resolve("slow", 443, steady_clock::now() + std::chrono::minutes(10)),
                   asio::bind_cancellation_slot(cancel.slot(), r.handler()));
    REQUIRE(r.until([&] { return r.names->asked == 1; }));
    cancel.emit(asio::cancellation_type::terminal);
    CHECK(r.until([&] { return r.ended == 1; }));
    CHECK(r.error == asio::error::operation_aborted);
  }
  SUBCASE("does not hold the end of the loop, nor touches it afterwards") {
    r.begin("slow");
    REQUIRE(r.until([&] { return r.names->asked == 1; }));
    r.loop.reset();
    CHECK(r.names->answered == 0);
    r.open();
    const auto end = steady_clock::now() + kTestDeadline;
    while (r.names->answered == 0 && steady_clock::now() < end) std::this_thread::yield();
    CHECK(r.names->answered == 1);
    CHECK(r.ended == 0);
  }
}

TEST_CASE("the system knows itself") {
  error_code error;
  const auto endpoints = Resolver::ask_system("localhost", error);
  CHECK_FALSE(error);
  REQUIRE_FALSE(endpoints.empty());
  CHECK(endpoints[0].address().is_loopback());
  CHECK(Resolver::ask_system("name.invalid.", error).empty());
  CHECK(error);
}

}  // namespace
}  // namespace meridian::kube
