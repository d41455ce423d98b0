// Between a ledger that others may write and the answers, whatever happens to the right to write.

#include "control/vip_keeper.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <map>

#include "../ledger/kube_scratch.hpp"
#include "shared_ledger.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

const vip::Pool kPool({*vip::Network::parse("245.0.0.0/24")}, {});

// A process: a keeper on its ledger, the hosts that it wants, and what each is answered.
class Process {
 public:
  Process(boost::asio::io_context& loop, ledger::Ledger& ledger)
      : keeper(loop, vip::Allocator(kPool, vip::Times{}), ledger,
               [this](const std::vector<std::string>& hosts) { look(hosts); }) {
    boost::asio::co_spawn(loop, keeper.run(), [this](const std::exception_ptr& e) {
      ended = true;
      if (e) std::rethrow_exception(e);
    });
  }

  // "245.0.0.1", "pending", "none".
  const std::string& wants(const std::string& host) {
    answers.try_emplace(host, "pending");
    look({host});
    return answers.at(host);
  }
  void drops(const std::string& host) {
    answers.erase(host);
    keeper.release(host);
    keeper.flush();
  }
  bool answers_of(const std::string& host, const std::string& answer) const { return answers.at(host) == answer; }

  control::VipKeeper keeper;
  std::map<std::string, std::string> answers;
  std::vector<std::string> taken_back;  // answers that were given and then were not
  bool ended = false;

 private:
  void look(const std::vector<std::string>& hosts) {
    for (const auto& host : hosts) {
      const auto known = answers.find(host);
      if (known == answers.end()) continue;
      const auto before = std::exchange(known->second, assigned(host));
      if (before != "pending" && before != known->second) taken_back.push_back(host + " was " + before);
    }
    keeper.flush();
  }
  std::string assigned(const std::string& host) {
    const auto it = keeper.assign(host, vip::Family::V4, {});
    if (it.state == vip::Assignment::State::Held) return it.address.to_string();
    return it.state == vip::Assignment::State::Pending ? "pending" : "none";
  }
};

// Two processes that share a ledger.
struct Two {
  Two() {
    store.put("245.0.0.9", "old");
    store.writer = &left_ledger;
    turn();
    REQUIRE(left.wants("old") == "245.0.0.9");
    REQUIRE(right.wants("old") == "245.0.0.9");
  }
  ~Two() {
    left_ledger.let_go();
    right_ledger.let_go();
    left.keeper.stop();
    right.keeper.stop();
    CHECK(until([&] { return left.ended && right.ended; }));
  }
  void turn() {  // until nothing goes on; no timer that is set runs out
    loop.restart();
    loop.poll();
  }
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

  boost::asio::io_context loop;
  SharedStore store;
  SharedLedger left_ledger{loop, store, "left"}, right_ledger{loop, store, "right"};
  Process left{loop, left_ledger}, right{loop, right_ledger};
};

}  // namespace

TEST_CASE("who follows the ledger answers what it says, and proposes nothing") {
  Two it;
  CHECK(it.left.keeper.allocates());
  CHECK_FALSE(it.right.keeper.allocates());
  CHECK(it.right.wants("new") == "pending");
  it.right.drops("old");
  it.turn();
  CHECK(it.right.answers_of("new", "pending"));

  it.left.wants("new");
  it.turn();
  CHECK(it.right.answers_of("new", it.store.vip_of("new")));
  CHECK(it.left.answers_of("new", it.store.vip_of("new")));
  CHECK(it.right_ledger.commits == 0);
  CHECK_FALSE(it.store.ever_freed("old"));
}

TEST_CASE("what the writer takes away is not answered by its followers either") {
  Two it;
  it.left.drops("old");
  it.turn();
  CHECK(it.right.answers_of("old", "pending"));
}

TEST_CASE("the right to write comes and goes, and no answer that was given is taken back") {
  Two it;
  it.left.wants("a");
  it.right.wants("b");
  it.turn();
  for (int i = 0; i < 3; ++i) {
    for (auto* next : {&it.right_ledger, static_cast<SharedLedger*>(nullptr), &it.left_ledger}) {
      it.store.give_to(next);
      const auto host = "during " + std::to_string(i);
      it.left.wants(host);  // before the news is heard
      it.right.wants(host);
      it.turn();
    }
  }
  for (const char* host : {"old", "a", "b", "during 0", "during 1", "during 2"}) {
    CAPTURE(host);
    REQUIRE(it.store.vip_of(host) != "none");
    if (it.left.answers.contains(host)) CHECK(it.left.answers_of(host, it.store.vip_of(host)));
    if (it.right.answers.contains(host)) CHECK(it.right.answers_of(host, it.store.vip_of(host)));
  }
  CHECK(it.left.taken_back.empty());
  CHECK(it.right.taken_back.empty());
}

TEST_CASE("a write that the right to write did not last for") {
  Two it;
  it.left_ledger.holds_commits = true;
  it.left.wants("a");
  it.turn();
  REQUIRE(it.left_ledger.waiting == 1);

  SUBCASE("is forgotten, and the new writer's word is answered at once") {
    it.store.give_to(&it.right_ledger);
    it.turn();
    // Where the hash would not have put it.
    it.right.keeper.assign("a", vip::Family::V4, boost::asio::ip::make_address("245.0.0.77"));
    it.right.keeper.flush();
    it.turn();
    REQUIRE(it.store.vip_of("a") == "245.0.0.77");
    CHECK(it.left.answers_of("a", "pending"));
    it.left_ledger.let_go();
    it.turn();  // no pause lies between the end of the write and the reading
    CHECK(it.left.answers_of("a", "245.0.0.77"));
    CHECK(it.left.keeper.failures() == 1);
    CHECK(it.left.keeper.trouble().empty());
  }
  SUBCASE("is proposed again by who has the right next") {
    it.store.give_to(&it.right_ledger);
    it.left_ledger.let_go();
    it.turn();
    CHECK(it.left.answers_of("a", "pending"));
    CHECK(it.store.vip_of("a") == "none");
    it.store.give_to(&it.left_ledger);
    it.turn();
    REQUIRE(it.store.vip_of("a") != "none");
    CHECK(it.left.answers_of("a", it.store.vip_of("a")));
  }
}

TEST_CASE("news that come while the ledger is being read are not laid over what is newer") {
  Two it;
  it.right_ledger.holds_loads = true;
  it.store.give_to(nullptr);
  it.store.give_to(&it.left_ledger);
  it.turn();
  it.left.wants("a");
  it.turn();
  const auto first = it.store.vip_of("a");
  REQUIRE(first != "none");
  it.left.drops("a");
  it.turn();
  it.left.keeper.assign("b", vip::Family::V4, boost::asio::ip::make_address("245.0.0.66"));
  it.left.keeper.flush();
  it.turn();
  it.right.wants("a");
  it.right.wants("b");
  it.right_ledger.let_go();
  it.turn();
  CHECK(it.right.answers_of("a", "pending"));
  CHECK(it.right.answers_of("b", "245.0.0.66"));
}

TEST_CASE("a follower that reads the ledger anew goes on hearing what is written") {
  Two it;
  // As the ledger in ConfigMaps does where another reading is owed: what it told before is in the records.
  struct Late final : ledger::Ledger {
    explicit Late(boost::asio::io_context& loop) : gate(loop, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::awaitable<std::vector<vip::Record>> load() override {
      if (loads++ > 0) {
        boost::system::error_code opened;
        co_await gate.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, opened));
      }
      co_return records;
    }
    boost::asio::awaitable<void> commit(std::vector<vip::Change>) override { throw ledger::Unavailable("ours"); }
    std::string describe() const override { return "late"; }
    bool writable() const override { return false; }
    void follow(std::function<void(ledger::News)> s) override { sink = std::move(s); }
    boost::asio::steady_timer gate;
    std::vector<vip::Record> records;
    std::function<void(ledger::News)> sink;
    int loads = 0;
  } late(it.loop);
  const auto at = boost::asio::ip::make_address("245.0.0.5");
  Process process(it.loop, late);
  it.turn();
  process.wants("a");
  late.sink({true, {}});
  it.turn();
  REQUIRE(late.loads == 2);
  late.sink({false, {{{at, "a", true, {}}, false, 0}}});
  CHECK(process.answers_of("a", "245.0.0.5"));  // the old book stands until the new one is read
  late.records.clear();                         // ... by then it is freed again, and erased
  late.gate.cancel();
  it.turn();
  CHECK(process.answers_of("a", "pending"));
  process.keeper.stop();
  CHECK(it.until([&] { return process.ended; }));
}

TEST_CASE("a ledger that can't be read at first") {
  boost::asio::io_context loop;
  SharedStore store;
  store.put("245.0.0.9", "old");
  SharedLedger ledger(loop, store, "only");
  store.writer = &ledger;
  ledger.broken = "no disk";
  Process it(loop, ledger);
  loop.poll();
  CHECK(it.wants("old") == "pending");
  CHECK(it.wants("new") == "pending");
  CHECK(it.keeper.trouble() == "no disk");
  CHECK_FALSE(it.keeper.loaded());
  ledger.broken.clear();
  ledger::run_until(loop, [&] { return it.answers.at("new") != "pending"; });
  CHECK(it.answers_of("old", "245.0.0.9"));
  CHECK(it.answers_of("new", store.vip_of("new")));
  CHECK(it.keeper.trouble().empty());
  it.keeper.stop();
  ledger::run_until(loop, [&] { return it.ended; });
}

TEST_CASE("while the ledger can't be written, what waits for it does not grow with what happens meanwhile") {
  Two it;
  it.left_ledger.broken = "no disk";
  for (int tries = 1; tries <= 3; ++tries) {
    it.left.wants("a");
    REQUIRE(it.until([&] { return it.left_ledger.commits == tries; }));
    it.left.drops("a");
  }
  it.left_ledger.broken.clear();
  it.left.wants("a");
  REQUIRE(it.until([&] { return it.store.vip_of("a") != "none"; }));
  it.turn();
  CHECK(it.left.answers_of("a", it.store.vip_of("a")));
  CHECK(it.left_ledger.batches.back().size() == 1);
}

TEST_CASE("at its end a keeper writes what it still knows, and lets go of the ledger") {
  Two it;
  it.left.drops("old");
  it.left.wants("a");
  it.left.keeper.stop();
  REQUIRE(it.until([&] { return it.left.ended; }));
  CHECK(it.left_ledger.closed);
  CHECK_FALSE(it.store.records.at(boost::asio::ip::make_address("245.0.0.9")).active);
  CHECK(it.store.vip_of("a") != "none");
  it.store.give_to(&it.right_ledger);
  it.turn();
  CHECK(it.right.keeper.allocates());
}

TEST_CASE("two processes on the ledger of a cluster") {
  ledger::KubeScratch scratch;
  auto& loop = scratch.control();
  const auto left_ledger = scratch.join();
  Process left(loop, *left_ledger);
  left.wants("a");
  ledger::run_until(loop, [&] { return left.answers.at("a") != "pending"; });
  const auto right_ledger = scratch.join();
  Process right(loop, *right_ledger);
  right.wants("a");
  right.wants("b");
  ledger::run_until(loop, [&] { return right.answers.at("a") != "pending"; });
  CHECK(right.answers.at("a") == left.answers.at("a"));
  CHECK(right.answers_of("b", "pending"));

  left.keeper.stop();
  ledger::run_until(loop, [&] { return right.answers.at("b") != "pending"; });
  CHECK(left.ended);
  CHECK(right.keeper.allocates());
  CHECK(right.keeper.loads() >= 2);
  CHECK(right.taken_back.empty());
  right.keeper.stop();
  ledger::run_until(loop, [&] { return right.ended; });
}
