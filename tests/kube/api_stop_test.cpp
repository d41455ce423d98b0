// What waits in an Api when it ends: by stop(), with the Api, with its stream, by the caller, with the loop.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "asking.hpp"
#include "cluster.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using namespace test;  // NOLINT: the words of asking.hpp
using std::chrono::minutes;

constexpr const char* kWatch = "/apis/networking.istio.io/v1/serviceentries?watch=1";

// Counts coroutines that end with operation_aborted.
struct Endings {
  int aborted = 0, otherwise = 0;
  auto handler() {
    return [this](std::exception_ptr e, auto&&...) { count(e); };
  }
  void count(std::exception_ptr e) {
    try {
      if (e) std::rethrow_exception(e);
      ++otherwise;
    } catch (const boost::system::system_error& error) {
      error.code() == asio::error::operation_aborted ? ++aborted : ++otherwise;
    } catch (const std::exception&) {
      ++otherwise;
    }
  }
};

asio::awaitable<void> read_once(Api& api) {
  const auto stream = co_await api.open(get(kWatch));
  co_await stream->read(minutes(10));
}

struct Waiting {
  ApiServer& server = fresh_cluster();
  asio::io_context loop;
  std::optional<Api> api;
  Endings endings;

  Waiting() { api.emplace(loop, server.settings()); }

  // One waits for an answer, one for the next octets of a watch.
  void begin() {
    server.command("fault", {{"path", "/version"}, {"hang", true}, {"times", nullptr}});
    asio::co_spawn(loop, api->send(within(minutes(10), get("/version"))), endings.handler());
    asio::co_spawn(loop, read_once(*api), endings.handler());
    REQUIRE(run_until(loop, [&] {
      return requests_of(server, "/version").size() == 1 && server.command("watches").as_array().size() == 1;
    }));
  }
  bool all_aborted(int count) {
    return run_until(loop, [&] { return endings.aborted == count; }) && endings.otherwise == 0;
  }
};

TEST_CASE("what waits ends with operation_aborted") {
  Waiting waiting;
  SUBCASE("by stop()") {
    waiting.begin();
    waiting.api->stop();
    CHECK(waiting.all_aborted(2));
    asio::co_spawn(waiting.loop, waiting.api->send(get("/version")), waiting.endings.handler());
    CHECK(waiting.all_aborted(3));  // and nothing begins any more
  }
  SUBCASE("when the Api is destroyed") {
    waiting.begin();
    waiting.api.reset();
    CHECK(waiting.all_aborted(2));
  }
  SUBCASE("when it is cancelled by its caller") {
    waiting.server.command("fault", {{"path", "/version"}, {"hang", true}});
    asio::cancellation_signal cancel;
    asio::co_spawn(waiting.loop, waiting.api->send(within(minutes(10), get("/version"))),
                   asio::bind_cancellation_slot(cancel.slot(), waiting.endings.handler()));
    REQUIRE(run_until(waiting.loop, [&] { return requests_of(waiting.server, "/version").size() == 1; }));
    cancel.emit(asio::cancellation_type::terminal);
    CHECK(waiting.all_aborted(1));
  }
  SUBCASE("when its stream is destroyed") {
    auto stream = run(waiting.loop, waiting.api->open(get(kWatch)));
    asio::co_spawn(waiting.loop, stream->read(minutes(10)), waiting.endings.handler());
    waiting.loop.poll();
    stream.reset();
    CHECK(waiting.all_aborted(1));
  }
}

TEST_CASE("a handshake with a server that says nothing") {
  asio::io_context loop;
  asio::ip::tcp::acceptor silent(loop, {asio::ip::make_address("127.0.0.1"), 0});
  auto& server = fresh_cluster();
  const auto url = "https://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  Api api(loop, server.settings("silent", {{"token", "x"}}, {{"server", url}}));
  SUBCASE("ends at the deadline") {
    const auto why = why_not(loop, api, within(std::chrono::milliseconds(100), get("/version")));
    CHECK(contains(why, url + " (context test of "));
    CHECK(contains(why, "TLS handshake: there is no answer in time"));
  }
  SUBCASE("ends by stop()") {
    Endings endings;
    asio::co_spawn(loop, api.send(within(minutes(10), get("/version"))), endings.handler());
    bool taken = false;
    asio::ip::tcp::socket socket(loop);
    silent.async_accept(socket, [&](const boost::system::error_code&) { taken = true; });
    REQUIRE(run_until(loop, [&] { return taken; }));
    api.stop();
    CHECK(run_until(loop, [&] { return endings.aborted == 1; }));
  }
}

TEST_CASE("coroutines that are destroyed with their loop leave nothing behind") {
  auto& server = fresh_cluster();
  server.command("fault", {{"path", "/version"}, {"hang", true}});
  auto loop = std::make_unique<asio::io_context>();
  auto api = std::make_unique<Api>(*loop, server.settings());
  asio::co_spawn(*loop, api->send(within(minutes(10), get("/version"))), asio::detached);
  asio::co_spawn(*loop, read_once(*api), asio::detached);
  REQUIRE(run_until(*loop, [&] { return server.command("watches").as_array().size() == 1; }));
  api.reset();
  loop.reset();  // without having run what stop() ended
  CHECK(run_until(*std::make_unique<asio::io_context>(), [&] { return server.command("watches").as_array().empty(); }));
}

}  // namespace
}  // namespace meridian::kube
