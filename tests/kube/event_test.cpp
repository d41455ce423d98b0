#include "kube/event.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

namespace meridian::kube {
namespace {

namespace json = boost::json;

Event an_event() {
  const Event::Time first{std::chrono::seconds(1700000000)};
  return {.entry = {"prod", "reviews", "6f1b"},
          .reason = "VipConflict",
          .text = "two entries have 245.1.2.3",
          .first = first,
          .last = first + std::chrono::seconds(61),
          .count = 3};
}

TEST_CASE("an Event") {
  const Request request = post_event(an_event(), {.instance = "meridian-0", .version = "v1beta1"}, 0x17f0c);
  CHECK(request.method == Method::Post);
  CHECK(request.target == "/api/v1/namespaces/prod/events");
  CHECK(request.content_type == "application/json");
  CHECK(json::parse(request.body) == json::parse(R"({
    "apiVersion": "v1", "kind": "Event",
    "metadata": {"namespace": "prod", "name": "reviews.17f0c"},
    "involvedObject": {"apiVersion": "networking.istio.io/v1beta1", "kind": "ServiceEntry", "namespace": "prod",
                       "name": "reviews", "uid": "6f1b"},
    "type": "Warning", "reason": "VipConflict", "message": "two entries have 245.1.2.3",
    "firstTimestamp": "2023-11-14T22:13:20Z", "lastTimestamp": "2023-11-14T22:14:21Z", "count": 3,
    "source": {"component": "meridian", "host": "meridian-0"},
    "reportingComponent": "meridian", "reportingInstance": "meridian-0"})"));
}

TEST_CASE("the name of an Event fits, however long its entry's is") {
  Event event = an_event();
  event.entry.name =
      std::string(242, 'a') + ".-bcdefghij";  // 253; what is cut off leaves a dot and a hyphen at the end
  const auto body = json::parse(post_event(event, {}, 0x12345678).body);
  CHECK(body.at("metadata").at("name").as_string() == std::string(242, 'a') + ".12345678");
  CHECK(body.at("involvedObject").at("name").as_string() == event.entry.name);
}

TEST_CASE("a text for people") {
  const struct {
    const char* title;
    std::string_view text;
    const char* shown;
  } cases[] = {
      {"is left alone", "two entries", "two entries"},
      {"keeps its letters", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d"},
      {"has no control characters", "a\nb\x7f\x1b[m", "a\\x0Ab\\x7F\\x1B[m"},
      {"has no zero", std::string_view("a\0b", 3), "a\\x00b"},
      {"has no C1 controls", "a\xc2\x85", "a\\xC2\\x85"},
      {"has no octets that are no UTF-8", "\xff\x80", "\\xFF\\x80"},
      {"has no overlong forms", "\xc0\xaf\xe0\x80\xaf", "\\xC0\\xAF\\xE0\\x80\\xAF"},
      {"has no surrogates", "\xed\xa0\x80", "\\xED\\xA0\\x80"},
      {"has nothing above Unicode", "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
      {"may break off in the middle", "\xe2\x82", "\\xE2\\x82"},
      {"may be just as long as the limit", "abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz012345"},
      {"is cut beyond it", "abcdefghijklmnopqrstuvwxyz0123456", "abcdefghijklmnopqrstuvwxyz012..."},
      {"is not cut inside a character", "abcdefghijklmnopqrstuvwxyz01\xe2\x82\xacxxxx",
       "abcdefghijklmnopqrstuvwxyz01..."},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(printable(c.text, 32) == c.shown);
    }
  }
}

}  // namespace
}  // namespace meridian::kube
