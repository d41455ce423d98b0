#include "server/sockets.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>
#include <string>

using namespace meridian;

namespace {

config::Endpoint at(const char* address, std::uint16_t port = 0) {
  return {boost::asio::ip::make_address(address), port};
}

// What bind_sockets throws.
std::string refusal(const std::vector<config::Endpoint>& addresses) {
  std::vector<config::Endpoint> bound;
  try {
    server::bind_sockets(addresses, 1, bound);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("port 0 is chosen once: UDP, TCP and all workers have the same") {
  std::vector<config::Endpoint> bound;
  const auto sockets = server::bind_sockets({at("127.0.0.1"), at("127.0.0.2")}, 3, bound);
  REQUIRE(sockets.size() == 3);
  REQUIRE(bound.size() == 2);
  for (std::size_t i = 0; i < bound.size(); ++i) {
    CHECK(bound[i].port != 0);
    for (const auto& worker : sockets) {
      CHECK(server::local_endpoint(worker.udp[i].get()) == bound[i]);
      CHECK(server::local_endpoint(worker.tcp[i].get()) == bound[i]);
    }
  }
}

TEST_CASE("a wildcard and an address of it may be listed together") {
  std::vector<config::Endpoint> bound;
  const auto first = server::bind_sockets({at("0.0.0.0")}, 1, bound);
  const auto port = bound.front().port;
  CHECK(first.size() == 1);
  CHECK(refusal({at("127.0.0.1", port)}) != "none");  // not beside another server

  const auto sockets = server::bind_sockets({at("::"), at("::1")}, 2, bound);
  CHECK(sockets.size() == 2);
}

TEST_CASE("a port that is taken is refused with the name of who has it") {
  std::vector<config::Endpoint> bound;
  const auto mine = server::bind_sockets({at("127.0.0.1")}, 1, bound);
  // The holder shares its port with SO_REUSEPORT, and is this very program: that must not let us in.
  const auto text = refusal(bound);
  CHECK(says(text, "listen " + bound.front().to_text() + " (UDP)"));
  CHECK(says(text, "taken by server_test (pid " + std::to_string(::getpid()) + ")"));
}

TEST_CASE("a port that is taken for TCP only is refused too") {
  std::vector<config::Endpoint> bound;
  auto mine = server::bind_sockets({at("127.0.0.1")}, 1, bound);
  mine.front().udp.clear();
  CHECK(says(refusal(bound), "(TCP): the port is taken by server_test"));
}

TEST_CASE("an address that this machine lacks is refused with what to do") {
  const auto text = refusal({at("192.0.2.1", 5300)});
  CHECK(says(text, "listen 192.0.2.1:5300 (UDP)"));
  CHECK(says(text, "no such address"));
  CHECK(says(text, "0.0.0.0"));
}
