#include "server/tcp_admission.hpp"

#include <doctest/doctest.h>
#include <string>

using meridian::server::TcpAdmission;

namespace {

// Connections with names; time is a number.
struct Admission {
  explicit Admission(std::uint32_t clients, std::uint32_t per_address = 100) {
    meridian::config::Limits limits;
    limits.tcp_clients = clients;
    limits.tcp_clients_per_address = per_address;
    admission.set_limits(limits);
  }
  static TcpAdmission::Clock::time_point at(int time) {
    return TcpAdmission::Clock::time_point{std::chrono::seconds{time}};
  }
  TcpAdmission::SlotPtr admit(const char* name, int time, const char* address = "192.0.2.1") {
    return admission.admit(boost::asio::ip::make_address(address), at(time), [this, name] { evicted += name; });
  }

  TcpAdmission admission;
  std::string evicted;
};

}  // namespace

TEST_CASE("over tcp-clients") {
  Admission a(2);
  const auto x = a.admit("x", 1), y = a.admit("y", 2);
  SUBCASE("the oldest goes") {
    CHECK(a.admit("z", 3));
    CHECK(a.evicted == "x");
  }
  SUBCASE("the one that has been idle longest goes, not the one that came first") {
    x->touch(a.at(3), false);
    CHECK(a.admit("z", 4));
    CHECK(a.evicted == "y");
  }
  SUBCASE("the longest idle of many goes, whatever the order in which they were active") {
    y->touch(a.at(9), false);
    x->touch(a.at(8), false);
    CHECK(a.admit("z", 10));
    CHECK(a.evicted == "x");
  }
  SUBCASE("a busy one stays, however old") {
    x->touch(a.at(1), true);
    CHECK(a.admit("z", 3));
    CHECK(a.evicted == "y");
  }
  SUBCASE("the new one is refused if all are busy") {
    x->touch(a.at(1), true);
    y->touch(a.at(1), true);
    CHECK_FALSE(a.admit("z", 3));
    CHECK(a.evicted.empty());
    CHECK(a.admission.open() == 2);
  }
  SUBCASE("one that was busy counts from when it was answered") {
    x->touch(a.at(1), true);
    y->touch(a.at(1), true);
    CHECK_FALSE(a.admit("z", 3));
    x->touch(a.at(5), false);
    y->touch(a.at(4), false);
    CHECK(a.admit("z", 6));
    CHECK(a.evicted == "y");
  }
  SUBCASE("one that has gone makes room") {
    a.admission.release(x);
    CHECK(a.admit("z", 3));
    CHECK(a.evicted.empty());
  }
  SUBCASE("one that was evicted is not released twice") {
    const auto z = a.admit("z", 3);
    a.admission.release(x);
    a.admission.release(x);
    CHECK(a.admission.open() == 2);
  }
}

TEST_CASE("over tcp-clients-per-address") {
  Admission a(100, 2);
  const auto x = a.admit("x", 1, "192.0.2.1"), y = a.admit("y", 2, "192.0.2.1");
  SUBCASE("the newest is refused and nobody is evicted") {
    CHECK_FALSE(a.admit("z", 3, "192.0.2.1"));
    CHECK(a.evicted.empty());
  }
  SUBCASE("other addresses are not concerned") {
    CHECK(a.admit("z", 3, "192.0.2.2"));
  }
  SUBCASE("one that has gone makes room") {
    a.admission.release(y);
    CHECK(a.admit("z", 3, "192.0.2.1"));
  }
}

TEST_CASE("smaller limits refuse new connections and leave the open ones") {
  Admission a(100, 100);
  const auto x = a.admit("x", 1), y = a.admit("y", 2);
  meridian::config::Limits limits;
  limits.tcp_clients_per_address = 1;
  a.admission.set_limits(limits);
  CHECK(a.admission.open() == 2);
  CHECK_FALSE(a.admit("z", 3));
}
