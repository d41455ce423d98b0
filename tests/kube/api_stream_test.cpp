// Answers that come for as long as their connection lives.
#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "asking.hpp"
#include "cluster.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace test;  // NOLINT: the words of asking.hpp
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string read_all(asio::io_context& loop, Stream& stream, std::size_t& pieces) {
  std::string whole;
  for (pieces = 0;; ++pieces) {
    const auto piece = run(loop, stream.read(seconds(10)));
    if (piece.empty()) return whole;
    whole += piece;
  }
}

TEST_CASE("a stream") {
  auto& server = fresh_cluster();
  asio::io_context loop;
  Api api(loop, server.settings());
  put_entry(server, "bar", "httpbin");
  const auto whole = ask(loop, api, get(kEntries)).body;
  std::size_t pieces = 0;
  SUBCASE("is read as it comes, in small chunks") {
    server.command("fault", {{"path", "serviceentries"}, {"chunk", 7}});
    const auto stream = run(loop, api.open(get(kEntries)));
    CHECK(stream->status() == 200);
    CHECK(read_all(loop, *stream, pieces) == whole);
    CHECK(pieces > 1);
    CHECK(run(loop, stream->read(seconds(10))).empty());  // and stays at its end
  }
  SUBCASE("is decoded, in bounded pieces") {
    for (int i = 0; i < 30; ++i) {
      put_entry(server, "bar", "long-" + std::to_string(i),
                {{"workloadSelector", {{"labels", {{"a", std::string(10'000, 'x')}}}}}});
    }
    const auto all = ask(loop, api, get(kEntries)).body;
    REQUIRE(all.size() > 300'000);
    const auto stream = run(loop, api.open(get(kEntries)));
    CHECK(read_all(loop, *stream, pieces) == all);
    CHECK(pieces > 4);
  }
  SUBCASE("of another status is an answer too") {
    server.command("fault", {{"path", "serviceentries"}, {"status", 429}, {"retry_after", 3}});
    const auto stream = run(loop, api.open(get(kEntries)));
    CHECK(stream->status() == 429);
    CHECK(stream->retry_after() == seconds(3));
    CHECK(contains(read_all(loop, *stream, pieces), "\"code\":429"));
  }
  SUBCASE("that is cut at any octet ends badly, behind what came before") {
    for (const char* by : {"fin", "reset", "close"}) {
      for (const int at : {0, 1, 5, 100}) {
        CAPTURE(by);
        CAPTURE(at);
        server.command("fault", {{"path", "serviceentries"}, {"cut", at}, {"chunk", 50}, {"cut_by", by}});
        const auto stream = run(loop, api.open(get(kEntries)));
        const auto why = why_not([&] { read_all(loop, *stream, pieces); });
        CHECK(contains(why, "reading its answer: "));
      }
    }
  }
}

TEST_CASE("a watch") {
  auto& server = fresh_cluster();
  asio::io_context loop;
  Api api(loop, server.settings());
  const auto list = json::parse(ask(loop, api, get(kEntries)).body);
  const auto version = std::string(list.at("metadata").at("resourceVersion").as_string());
  auto stream = run(loop, api.open(get(std::string(kEntries) + "?watch=1&resourceVersion=" + version)));
  CHECK(stream->status() == 200);
  SUBCASE("tells of events when they happen") {
    for (const char* name : {"one", "two"}) {
      put_entry(server, "bar", name);
      std::string line;
      while (!line.ends_with('\n')) line += run(loop, stream->read(seconds(10)));
      CHECK(json::parse(line).at("object").at("metadata").at("name") == name);
    }
  }
  SUBCASE("ends well") {
    server.command("end_watches");
    CHECK(run(loop, stream->read(seconds(10))).empty());
  }
  SUBCASE("is silent for too long") {
    const auto why = why_not([&] { run(loop, stream->read(milliseconds(100))); });
    CHECK(contains(why, server.url()));
    CHECK(contains(why, "reading its answer: there is no answer in time"));
  }
  SUBCASE("is reset") {
    server.command("reset_watches");
    CHECK(contains(why_not([&] { run(loop, stream->read(seconds(10))); }), "the connection was cut"));
  }
  SUBCASE("ends at the server when it is destroyed") {
    CHECK(server.command("watches").as_array().size() == 1);
    stream.reset();
    CHECK(run_until(loop, [&] { return server.command("watches").as_array().empty(); }));
  }
}

}  // namespace
}  // namespace meridian::kube
