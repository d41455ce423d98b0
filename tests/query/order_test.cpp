#include <doctest/doctest.h>

#include "query/ask.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// The last octets of the addresses in the order of the answer: "1 2 3".
std::string order(const Server& server, const char* question) {
  std::string text;
  for (const auto& record : Reply(server, packet_of(question)).message.answer) {
    text += (text.empty() ? "" : " ") + record.substr(record.find_last_of(".: ") + 1);
  }
  return text;
}

Server server_with(zone::Order order) {
  auto spec = spec_of("global");
  spec.order = order;
  auto anywhere = spec_of(".", zone::Kind::AnyHost);
  anywhere.order = order;
  return {
      zones_from("many A 240.0.0.1 240.0.0.2 240.0.0.3\nmany AAAA fd00::1 fd00::2\none A 240.0.0.9\n"
                 "many.example. A 240.0.1.1 240.0.1.2 240.0.1.3\n*.wild A 240.0.0.1 240.0.0.2 240.0.0.3",
                 {spec, anywhere})};
}

}  // namespace

TEST_CASE("the order of addresses") {
  struct {
    const char* title;
    zone::Order order;
    query::Turn turn;
    const char *three, *two;
  } cases[] = {
      {"fixed: as written, whatever the turn", zone::Order::Fixed, {7, 8}, "1 2 3", "1 2"},
      {"rotate: the first turn begins with the first", zone::Order::Rotate, {0, 5}, "1 2 3", "1 2"},
      {"rotate: the next with the next", zone::Order::Rotate, {1, 5}, "2 3 1", "2 1"},
      {"rotate: and the next", zone::Order::Rotate, {2, 5}, "3 1 2", "1 2"},
      {"rotate: and around", zone::Order::Rotate, {3, 5}, "1 2 3", "2 1"},
      {"rotate: the counter may overflow", zone::Order::Rotate, {0xffffffff, 5}, "1 2 3", "2 1"},
      {"random: the random number decides", zone::Order::Random, {7, 4}, "2 3 1", "1 2"},
      {"random: so does another", zone::Order::Random, {7, 5}, "3 1 2", "2 1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.title);
    auto server = server_with(c.order);
    server.turn = c.turn;
    CHECK(order(server, "many.global A") == c.three);
    CHECK(order(server, "many.global ANY") == c.three);
    CHECK(order(server, "x.wild.global A") == c.three);
    CHECK(order(server, "many.example A") == c.three);
    CHECK(order(server, "many.global AAAA") == c.two);
    CHECK(order(server, "one.global A") == "9");
  }
}
