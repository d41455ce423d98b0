// SIGKILL at any moment: what was acknowledged is there, and no batch is there in part. The victim is this program
// again, running the test case below that is skipped otherwise.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>
#include <set>

#include "ledger/conformance.hpp"
#include "ledger/sqlite_scratch.hpp"

namespace meridian::ledger {
namespace {

constexpr const char* kFile = "MERIDIAN_TEST_LEDGER";  // environment: the file to write
constexpr const char* kPipe = "MERIDIAN_TEST_PIPE";    // environment: the descriptor to acknowledge on

// Batch n puts two hosts that belong together, and moves a third from address to address.
Changes batch(int n) {
  const auto text = std::to_string(n);
  const auto at = [n](const char* net) {
    return boost::asio::ip::make_address(std::string(net) + std::to_string(n / 250) + "." +
                                         std::to_string(n % 250 + 1));
  };
  Changes changes{put({at("245.1."), "left" + text, true, {}}), put({at("245.2."), "right" + text, true, {}}),
                  put({at("245.3."), "wanderer", true, {}})};
  if (n > 0) {
    const auto m = n - 1;
    changes.push_back(
        {{boost::asio::ip::make_address("245.3." + std::to_string(m / 250) + "." + std::to_string(m % 250 + 1)),
          "",
          true,
          {}},
         true});
  }
  return changes;
}

class Victim {
 public:
  explicit Victim(const fs::path& file) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::setenv(kFile, file.c_str(), 1);
      ::setenv(kPipe, std::to_string(ends[1]).c_str(), 1);
      ::execl("/proc/self/exe", "ledger_test", "--no-skip", "--test-case=victim*", "--out=/dev/null", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    acknowledged_ = ends[0];
  }
  ~Victim() {
    kill();
    ::close(acknowledged_);
  }

  // The next batch that is acknowledged; nothing: the victim is dead and all it said was heard.
  std::optional<int> hear() {
    int n = 0;
    const auto got = ::read(acknowledged_, &n, sizeof n);  // atomic: smaller than PIPE_BUF
    return got == sizeof n ? std::optional(n) : std::nullopt;
  }
  void kill() {
    if (child_ < 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_;
  int acknowledged_;
};

}  // namespace

TEST_CASE("victim: commits batch after batch until it is killed" * doctest::skip()) {
  const char* file = std::getenv(kFile);
  const char* pipe = std::getenv(kPipe);
  if (!file || !pipe) return;
  boost::asio::thread_pool disk(1);
  auto ledger = make_sqlite_ledger(disk, file);
  int n = static_cast<int>(load(*ledger).size() / 2);  // two a batch, and the wanderer
  for (; n < 60000; ++n) {  // more than the pipe holds unheard: it goes on, or waits, until it is killed
    commit(*ledger, batch(n));
    if (::write(std::atoi(pipe), &n, sizeof n) != sizeof n) return;
  }
}

TEST_CASE("what was acknowledged before a SIGKILL is there after it, whole") {
  SqliteScratch scratch;
  std::mt19937 random(3);
  int last = -1;
  for (int round = 0; round < 25; ++round) {
    Victim victim(scratch.file());
    const int patience = static_cast<int>(random() % 20);
    for (int i = 0; i <= patience; ++i) {
      const auto heard = victim.hear();
      REQUIRE(heard.has_value());
      CHECK(*heard == last + 1);
      last = *heard;
    }
    victim.kill();  // somewhere in the batches that follow
    while (const auto heard = victim.hear()) last = *heard;

    std::set<std::string> hosts;
    for (const auto& r : load(*scratch.open())) hosts.insert(r.host);
    const int whole = static_cast<int>(hosts.size() / 2);
    CHECK_MESSAGE(hosts.size() % 2 == 1, "pairs, and one wanderer");
    CHECK_MESSAGE(whole > last, "acknowledged");
    CHECK_MESSAGE(whole <= last + 2, "at most one batch more, which was being acknowledged");
    for (int n = 0; n < whole; ++n) {
      CHECK(hosts.count("left" + std::to_string(n)) == 1);
      CHECK(hosts.count("right" + std::to_string(n)) == 1);
    }
    CHECK(scratch.set_aside("corrupt").empty());
    last = whole - 1;
  }
}

TEST_CASE("two processes can't have one ledger") {
  SqliteScratch scratch;
  {
    Victim other(scratch.file());
    REQUIRE(other.hear().has_value());
    auto ledger = scratch.open();
    std::string refused;
    try {
      load(*ledger);
    } catch (const Unavailable& e) {
      refused = e.what();
    }
    CAPTURE(refused);
    CHECK(refused.find("in use by another process") != refused.npos);
    CHECK(refused.find("stop the other Meridian") != refused.npos);
    CHECK_THROWS_AS(commit(*ledger, {put(record("245.9.9.9", "mine"))}), Unavailable);
    CHECK_MESSAGE(other.hear().has_value(), "the other one goes on");
  }
  CHECK_MESSAGE(load(*scratch.open()).size() > 2, "and when it is gone we can have it");
}

}  // namespace meridian::ledger
