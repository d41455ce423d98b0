#include "server/query_log.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <algorithm>
#include <sstream>

#include "server/running_server.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// What the default logger's sink is given while this lives.
class Captured {
 public:
  Captured() : before_(spdlog::default_logger()) {
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    sink->set_pattern("%v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("captured", sink));
  }
  ~Captured() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }
  auto lines() const {
    const auto all = text();
    return std::count(all.begin(), all.end(), '\n');
  }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

config::Config logging(config::Config config, config::Log::Queries mode) {
  config.log.queries = mode;
  return config;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a line of the query log says who asked what, and what became of it") {
  Captured log;
  FakeUpstream upstream;
  {
    RunningServer server("reviews.prod A 240.0.0.7", logging(forwarding_to(upstream), config::Log::Queries::All));
    UdpClient udp;
    udp.ask(server.endpoint(), "Reviews.prod.global");
    udp.ask(server.endpoint(), "an evil\nline.global");
    udp.send(server.endpoint(), query_for("www.example", kA, 1));
    const auto www = upstream.asked("www.example");
    REQUIRE(www.has_value());
    upstream.answer(*www, "192.0.2.1");
    CHECK(summary(udp.receive()) == "NOERROR 192.0.2.1");
    TcpClient tcp(server.endpoint());
    tcp.send(framed({1, 2, 3}));
    tcp.ask("reviews.prod.global");
  }
  const auto text = log.text();
  CAPTURE(text);
  CHECK(log.lines() == 5);
  CHECK(has(text, "query client=127.0.0.1:"));
  CHECK(has(text, "transport=udp name=reviews.prod.global type=A rcode=NOERROR where=zone size="));
  CHECK(has(text, "name=an\\032evil\\010line.global type=A rcode=NXDOMAIN"));
  CHECK(has(text, "name=www.example type=A rcode=NOERROR where=forwarded"));
  CHECK(has(text, " upstream=" + upstream.endpoint().to_text()));
  CHECK(has(text, "transport=tcp name=- type=- rcode=dropped"));
  CHECK(has(text, "transport=tcp name=reviews.prod.global"));
}

TEST_CASE("the query log has") {
  const struct {
    const char* title;
    config::Log::Queries mode;
    long lines;
  } cases[] = {
      {"no line when it is off", config::Log::Queries::Off, 0},
      {"one line in a hundred when it is sampled", config::Log::Queries::Sampled, 3},
      {"every line when it has all", config::Log::Queries::All, 300},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      Captured log;
      {
        RunningServer server("reviews.prod A 240.0.0.7", logging(quiet_config(), c.mode));
        UdpClient client;
        for (int i = 0; i < 300; ++i) client.ask(server.endpoint(), "reviews.prod.global");
      }
      CHECK(log.lines() == c.lines);
    }
  }
}
