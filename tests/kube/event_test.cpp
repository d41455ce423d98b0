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

}  // namespace
}  // namespace meridian::kube
