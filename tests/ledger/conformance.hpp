#pragma once
// What every ledger has to do, whatever the store: instantiate it for a type that is default-constructible (an empty
// store) and has control(), the loop of the control thread; and open(), which gives a new ledger on the same store as
// after a restart, one that can be written; the one before it is gone by then.
//
//   TEST_CASE_TEMPLATE_INVOKE(ledger_conformance, SqliteScratch);

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger.hpp"

namespace meridian::ledger {

using Records = std::vector<vip::Record>;
using Changes = std::vector<vip::Change>;

// Runs the control thread's loop until `done`; a ledger may have work of its own in it that never ends.
inline void run_until(boost::asio::io_context& control, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done() && std::chrono::steady_clock::now() < deadline) {
    control.restart();
    control.run_one_for(std::chrono::milliseconds(100));
  }
  REQUIRE(done());
}

// Runs a coroutine of a ledger as the control thread would, until it is done.
inline Records load(Ledger& ledger, boost::asio::io_context& control) {
  Records records;
  std::exception_ptr error;
  bool done = false;
  boost::asio::co_spawn(control, ledger.load(), [&](std::exception_ptr e, Records got) {
    error = e;
    records = std::move(got);
    done = true;
  });
  run_until(control, [&] { return done; });
  if (error) std::rethrow_exception(error);
  std::ranges::sort(records, {}, &vip::Record::address);
  return records;
}

inline void await(boost::asio::awaitable<void> call, boost::asio::io_context& control) {
  std::exception_ptr error;
  bool done = false;
  boost::asio::co_spawn(control, std::move(call), [&](std::exception_ptr e) {
    error = e;
    done = true;
  });
  run_until(control, [&] { return done; });
  if (error) std::rethrow_exception(error);
}
inline void commit(Ledger& ledger, Changes changes, boost::asio::io_context& control) {
  await(ledger.commit(std::move(changes)), control);
}

// For one call; another thread may be about to leave it when the call is done.
struct BriefLoop {
  ~BriefLoop() {
    control.restart();
    control.run();
  }
  boost::asio::io_context control;
};

// Of a ledger that needs no loop between two calls. The loop outlives what the disk thread still holds of it.
struct OwnLoop {
  boost::asio::io_context control;
  ~OwnLoop() {
    control.restart();
    control.run();
  }
};
inline Records load(Ledger& ledger) {
  OwnLoop own;
  return load(ledger, own.control);
}
inline void commit(Ledger& ledger, Changes changes) {
  OwnLoop own;
  commit(ledger, std::move(changes), own.control);
}

inline vip::Record record(const char* address, std::string host, bool active = true, int freed_for = 0) {
  return {boost::asio::ip::make_address(address), std::move(host), active, std::chrono::seconds(freed_for)};
}
inline vip::Change put(vip::Record record) {
  return {std::move(record), false};
}
inline vip::Change erase(const char* address) {
  return {record(address, ""), true};
}

TEST_CASE_TEMPLATE_DEFINE("a ledger", Store, ledger_conformance) {
  Store store;
  auto& control = store.control();
  auto ledger = store.open();
  const auto reopened = [&] {
    if (ledger) await(ledger->close(), control);
    ledger.reset();
    ledger = store.open();
    return load(*ledger, control);
  };
  REQUIRE(load(*ledger, control).empty());

  SUBCASE("gives back after a restart what it was given") {
    const Records all{record("10.0.0.1", "pinned.bar.global"), record("245.1.2.3", "a.bar.global"),
                      record("245.1.2.4", "gone.bar.global", false, 86399), record("245.1.2.5", "*.bar.global"),
                      record("fd00::1", "a.bar.global")};
    Changes changes;
    for (const auto& r : all) changes.push_back(put(r));
    commit(*ledger, changes, control);
    CHECK(load(*ledger, control) == all);
    CHECK(reopened() == all);
  }
  SUBCASE("keeps names as they are, whatever is in them") {
    std::string odd = "o'brien\"; -- \\ %s \xff\x01 \xc3\xa4 ";
    odd.append(1, '\0').append("behind");
    commit(*ledger, {put(record("245.0.0.1", odd))}, control);
    CHECK(reopened() == Records{record("245.0.0.1", odd)});
  }
  SUBCASE("puts over what was at an address, and erases") {
    commit(*ledger, {put(record("245.0.0.1", "a")), put(record("245.0.0.2", "b"))}, control);
    commit(*ledger, {put(record("245.0.0.1", "a", false, 7)), erase("245.0.0.2"), erase("245.0.0.3")}, control);
    CHECK(reopened() == Records{record("245.0.0.1", "a", false, 7)});
  }
  SUBCASE("lets the last change of an address in a batch count") {
    commit(*ledger,
           {put(record("245.0.0.1", "a")), erase("245.0.0.1"), put(record("245.0.0.1", "b")),
            put(record("245.0.0.2", "c")), erase("245.0.0.2")},
           control);
    CHECK(reopened() == Records{record("245.0.0.1", "b")});
  }
  SUBCASE("lets a host move and two hosts swap within a batch, in any order") {
    commit(*ledger, {put(record("245.0.0.1", "a")), put(record("245.0.0.2", "b"))}, control);
    commit(*ledger, {put(record("245.0.0.1", "b")), put(record("245.0.0.2", "a"))}, control);
    commit(*ledger, {put(record("245.0.0.3", "a")), put(record("245.0.0.2", "a", false))}, control);
    CHECK(reopened() == Records{record("245.0.0.1", "b"), record("245.0.0.2", "a", false), record("245.0.0.3", "a")});
  }
  SUBCASE("takes the same batch twice, and an empty one") {
    const Changes batch{put(record("245.0.0.1", "a")), erase("245.0.0.9")};
    commit(*ledger, batch, control);
    commit(*ledger, batch, control);
    commit(*ledger, {}, control);
    CHECK(reopened() == Records{record("245.0.0.1", "a")});
  }
  SUBCASE("takes a big batch") {
    Changes changes;
    for (int i = 0; i < 5000; ++i) {
      const auto address = "245.7." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
      changes.push_back(put(record(address.c_str(), "h" + std::to_string(i))));
    }
    commit(*ledger, changes, control);
    CHECK(reopened().size() == 5000);
  }
  SUBCASE("commits in the order of the calls, and answers on the caller's thread") {
    const auto here = std::this_thread::get_id();
    int done = 0;
    for (int i = 0; i < 50; ++i) {
      boost::asio::co_spawn(control, ledger->commit({put(record("245.0.0.1", "h" + std::to_string(i)))}),
                            [&, i](std::exception_ptr e) {
                              CHECK(e == nullptr);
                              CHECK(std::this_thread::get_id() == here);
                              CHECK(done++ == i);
                            });
    }
    run_until(control, [&] { return done == 50; });
    CHECK(reopened() == Records{record("245.0.0.1", "h49")});
  }
  SUBCASE("finishes what was begun when it is destroyed meanwhile") {
    bool done = false, good = false;
    boost::asio::co_spawn(control, ledger->commit({put(record("245.0.0.1", "a"))}), [&](std::exception_ptr e) {
      done = true;
      good = e == nullptr;
    });
    control.restart();
    control.poll();
    ledger.reset();
    run_until(control, [&] { return done; });
    CHECK(good);
    CHECK(reopened() == Records{record("245.0.0.1", "a")});
  }
  SUBCASE("says what it is") {
    CHECK_FALSE(ledger->describe().empty());
  }
}

}  // namespace meridian::ledger
