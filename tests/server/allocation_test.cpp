// A program of its own, because it counts what operator new gives out.

#include <doctest/doctest.h>
#include <malloc.h>
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "server/running_server.hpp"

namespace {

// By all threads but the test's, that is by the workers.
std::atomic<std::uint64_t> allocations{0};
std::atomic<std::int64_t> octets_held{0};
thread_local bool is_test_thread = false;

void give_back(void* memory) {
  if (!is_test_thread) octets_held -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  if (!is_test_thread) {
    ++allocations;
    octets_held += static_cast<std::int64_t>(malloc_usable_size(memory));
  }
  return memory;
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}

using namespace meridian;
using namespace meridian::test;

namespace {

constexpr const char* kZone = "reviews.prod A 240.0.0.7";
constexpr const char* kName = "reviews.prod.global";

}  // namespace

TEST_CASE("ten thousand answers from the zone over UDP allocate nothing") {
  is_test_thread = true;
  RunningServer server(kZone);
  UdpClient client;
  const Octets questions[] = {query_for(kName, kA, 1), query_for(kName, kAaaa, 2),
                              query_for("nobody.prod.global", kA, 3), query_for("example.com", kA, 4)};
  const auto ask = [&](int times) {
    for (int done = 0; done < times; done += 20) {
      for (int i = 0; i < 20; ++i) client.send(server.endpoint(), questions[i % 4]);
      for (int i = 0; i < 20; ++i) REQUIRE_FALSE(client.receive().empty());
    }
  };
  ask(1000);  // the loop's own buffers are made with the first packets
  const auto before = allocations.load();
  CHECK(before > 0);  // the thread's own: we do count
  ask(10000);
  CHECK(allocations.load() == before);
}

TEST_CASE("a TCP connection that has been answered and is idle holds under 4 KB") {
  constexpr int kConnections = 200;
  is_test_thread = true;
  RunningServer server(kZone);
  std::vector<TcpClient> clients;
  const auto ask_anew = [&] {
    clients.emplace_back(server.endpoint());
    REQUIRE(clients.back().ask(kName) == "NOERROR 240.0.0.7");
  };
  ask_anew();
  const auto before = octets_held.load();
  for (int i = 0; i < kConnections; ++i) ask_anew();
  CHECK((octets_held.load() - before) / kConnections < 4096);
}
