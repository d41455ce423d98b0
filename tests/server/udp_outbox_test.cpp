#include "server/udp_outbox.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "server/client.hpp"
#include "server/socket_address.hpp"

using namespace meridian;
using namespace meridian::test;

namespace {

// What the kernel is asked by this thread, and how it answers.
thread_local std::vector<unsigned> calls;  // how many messages each took along
thread_local int refusal = 0;              // errno; 0: the kernel decides

}  // namespace

extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  calls.push_back(count);
  if (refusal) {
    errno = refusal;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_sendmmsg, fd, messages, count, flags));
}

namespace {

// A socket that replies leave by; clients wait for them.
struct Sending {
  server::Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  stats::Counter errors;
  server::UdpOutbox outbox{socket.get(), errors};

  Sending() {
    calls.clear();
    refusal = 0;
  }
  ~Sending() { refusal = 0; }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;
};

server::UdpRoute route_to(const config::Endpoint& client) {
  auto address = server::to_socket_address(client);
  msghdr received{};
  received.msg_name = &address.storage;
  received.msg_namelen = address.size;
  return server::UdpRoute::back(received);
}

Octets reply(int number, std::size_t size = 40) {
  Octets octets(size, 0);
  octets[0] = static_cast<std::uint8_t>(number);
  return octets;
}

int received_by(UdpClient& client) {
  const auto octets = client.receive();
  return octets.empty() ? -1 : octets[0];
}

}  // namespace

TEST_CASE("late replies wait for the end of the turn and leave together, each to its client, in their order") {
  Sending sending;
  UdpClient one, other;
  for (int i = 0; i < 20; ++i) sending.outbox.put(route_to((i % 2 ? other : one).local()), reply(i));
  CHECK(calls.empty());
  CHECK_FALSE(sending.outbox.empty());
  sending.outbox.flush();
  CHECK(calls == std::vector<unsigned>{20});
  for (int i = 0; i < 20; ++i) CHECK(received_by(i % 2 ? other : one) == i);
  CHECK(sending.outbox.empty());
  sending.outbox.flush();
  CHECK(calls.size() == 1);  // nothing to send is no system call
}

TEST_CASE("a full outbox sends at once, and takes more") {
  Sending sending;
  UdpClient client;
  const auto route = route_to(client.local());
  for (int i = 0; i < 130; ++i) sending.outbox.put(route, reply(i, server::kMaxUdpReply));
  CHECK(calls == std::vector<unsigned>{64, 64});
  sending.outbox.flush();
  CHECK(calls == std::vector<unsigned>{64, 64, 2});
  for (int i = 0; i < 130; ++i) REQUIRE(received_by(client) == i);
  CHECK(sending.errors.get() == 0);
}

TEST_CASE("a reply that can't be sent is counted, and keeps no other from leaving") {
  Sending sending;
  UdpClient client;
  auto nowhere = client.local();
  nowhere.port = 0;
  for (int i = 0; i < 6; ++i) sending.outbox.put(route_to(i == 0 || i == 3 ? nowhere : client.local()), reply(i));
  sending.outbox.flush();
  CHECK(sending.errors.get() == 2);
  for (int i : {1, 2, 4, 5}) CHECK(received_by(client) == i);
  sending.outbox.put(route_to(client.local()), reply(7));  // and is not tried again
  sending.outbox.flush();
  CHECK(received_by(client) == 7);
  CHECK(sending.errors.get() == 2);
}

TEST_CASE("a socket that takes no more is not waited for") {
  for (const int full : {EAGAIN, ENOBUFS}) {
    CAPTURE(full);
    Sending sending;
    UdpClient client;
    for (int i = 0; i < 10; ++i) sending.outbox.put(route_to(client.local()), reply(i));
    refusal = full;
    sending.outbox.flush();
    CHECK(calls.size() == 1);
    CHECK(sending.errors.get() == 10);
    refusal = 0;
    sending.outbox.put(route_to(client.local()), reply(11));
    sending.outbox.flush();
    CHECK(received_by(client) == 11);  // those before it are lost, as on a network
  }
}
