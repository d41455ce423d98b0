// A program of its own, because it counts what operator new gives out.

#include <doctest/doctest.h>
#include <atomic>
#include <cstdlib>
#include <new>

#include "server/running_server.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};
thread_local bool is_test_thread = false;

}  // namespace

void* operator new(std::size_t size) {
  if (!is_test_thread) ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace meridian;
using namespace meridian::test;

TEST_CASE("ten thousand answers from the zone over UDP allocate nothing") {
  is_test_thread = true;
  RunningServer server("reviews.prod A 240.0.0.7");
  UdpClient client;
  const Octets questions[] = {query_for("reviews.prod.global", kA, 1), query_for("reviews.prod.global", kAaaa, 2),
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
