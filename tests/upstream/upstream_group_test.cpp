// Who is in a group, and in which order they are asked. No packet leaves: what becomes of a question is told to the
// servers by the test. How policies do over time is policy_simulation_test's.

#include "upstream/upstream_group.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "upstream/server_maker.hpp"

using namespace meridian;
using upstream::Health;
using upstream::UpstreamGroup;
using Policy = config::Forward::Policy;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

config::Forward::Server server(unsigned last) {
  return config::Endpoint{boost::asio::ip::make_address("10.0.0." + std::to_string(last)), 53};
}

// What is logged while it lives.
class Log {
 public:
  Log() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
  ~Log() { spdlog::set_default_logger(before_); }
  unsigned lines_with(const std::string& text) const {
    unsigned count = 0;
    std::istringstream lines(text_.str());
    for (std::string line; std::getline(lines, line);) count += line.find(text) != line.npos;
    return count;
  }

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
  std::shared_ptr<spdlog::sinks::ostream_sink_st> sink_ = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
};

struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "meridian-group-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path write(const std::string& text, const char* name = "resolv.conf") const {
    std::ofstream(path / name) << text;
    return path / name;
  }
  std::filesystem::path path;
};

// A group, and a clock that goes on by two seconds a look.
struct Group {
  explicit Group(std::vector<config::Forward::Upstream> sources, Policy policy = Policy::Sequential,
                 const UpstreamGroup* previous = nullptr)
      : group(
            ".", sources, policy, maker.make(), maker.entropy, previous,
            [this](const auto& at) { return is_ours && is_ours(at); },
            [this](const auto& of, const auto&, auto, bool) {
              auto& suspect = suspects[of->name()];
              if (!suspect) suspect = std::make_shared<upstream::LoopGuard::Suspect>();
              return suspect;
            }) {}

  // "2 1 3": the last numbers of their addresses.
  static std::string text(const UpstreamGroup::Choice& choice) {
    std::string all;
    for (const auto& one : choice.order)
      all += (all.empty() ? "" : " ") + std::to_string(one->server().endpoint.address.to_v4().to_uint() & 0xff);
    return all;
  }
  std::string order() { return text(group.choose(now)); }
  // With what files say by now.
  std::string look() {
    now += seconds(2);
    return order();
  }
  upstream::Upstream& at(std::size_t place) { return *group.servers()[place]; }
  void answers(std::size_t place, Health::Duration after) { at(place).replied(now, now + after); }
  void dies(std::size_t place) {
    for (unsigned i = 0; i < Health::kDeadAfter; ++i) {
      now += milliseconds(300);
      at(place).failed(now, now + milliseconds(250));
    }
  }

  std::function<bool(const config::Endpoint&)> is_ours;
  std::map<std::string, std::shared_ptr<upstream::LoopGuard::Suspect>> suspects;
  test::ServerMaker maker;
  Health::Time now = Health::Clock::now();
  UpstreamGroup group;
};

}  // namespace

TEST_CASE("the order of servers of which nothing is known is the configuration's, each once") {
  Group group({server(2), server(1), server(2), server(3)});
  CHECK(group.order() == "2 1 3");
  CHECK(group.group.choose(group.now).order.limits(0).tries > 100);
}

TEST_CASE("a group of nobody has an order of nobody, and is not dead") {
  Group group({});
  const auto choice = group.group.choose(group.now);
  CHECK(choice.order.empty());
  CHECK_FALSE(group.group.dead());
}

TEST_CASE("an order keeps its servers after the group and its reload are gone") {
  test::ServerMaker maker;
  auto group = std::make_unique<UpstreamGroup>(".", std::vector<config::Forward::Upstream>{server(1), server(2)},
                                               Policy::Random, maker.make(), maker.entropy, nullptr);
  const auto order = group->choose(Health::Clock::now()).order;
  group.reset();
  REQUIRE(order.size() == 2);
  for (const auto& one : order) CHECK(one->name().starts_with("10.0.0."));
}

TEST_CASE("behind those that are good come, in this order, the lossy, the refusing, the suspect and the dead") {
  for (const auto policy : {Policy::Sequential, Policy::Fastest}) {
    Group group({server(1), server(2), server(3), server(4), server(5)}, policy);
    for (std::size_t i = 0; i < 5; ++i) group.answers(i, milliseconds(1));
    group.dies(0);
    group.now += seconds(1);
    group.at(1).failed(group.now, group.now + milliseconds(250));
    group.answers(2, milliseconds(0));
    group.at(2).refused(group.now);
    group.answers(3, milliseconds(251));
    for (int i = 0; i < 50; ++i) group.at(3).failed(group.now, group.now + milliseconds(250));
    CHECK(group.order() == "5 4 3 2 1");
  }
}

TEST_CASE("round-robin and random share the turn of a dead server among all others") {
  for (const auto policy : {Policy::RoundRobin, Policy::Random}) {
    Group group({server(1), server(2), server(3), server(4)}, policy);
    group.dies(1);
    std::map<char, int> firsts;
    for (int i = 0; i < 3000; ++i) ++firsts[group.order().front()];
    CHECK(firsts.size() == 3);
    for (const char one : {'1', '3', '4'}) {
      CHECK(firsts[one] > 850);
      CHECK(firsts[one] < 1150);
    }
    CHECK(group.order().ends_with("2"));
  }
}

TEST_CASE("two servers that are equally near don't take turns under `fastest`") {
  Group group({server(1), server(2)}, Policy::Fastest);
  group.answers(0, milliseconds(10));
  group.answers(1, milliseconds(10));
  unsigned changes = 0;
  char last = group.order().front();
  for (int i = 0; i < 4000; ++i) {
    group.now += milliseconds(10);
    // Now the one is a tenth nearer, now the other.
    const bool nearer = i / 400 % 2 == i % 2;
    group.answers(static_cast<std::size_t>(i % 2), std::chrono::microseconds(nearer ? 9500 : 10500));
    const char first = group.order().front();
    changes += std::exchange(last, first) != first;
  }
  CHECK(changes == 0);
}

TEST_CASE("what a resolv.conf says") {
  const Directory directory;
  const auto text = std::string("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n");

  SUBCASE("all of its nameservers count, in its place, and without limits of its own") {
    Group group({server(9), directory.write(text), server(8)});
    CHECK(group.order() == "9 1 2 3 4 8");
    CHECK(group.group.choose(group.now).order.limits(1).attempt >= seconds(30));
  }
  SUBCASE("timeout and attempts hold for its servers") {
    Group group({server(9), directory.write(text + "options timeout:1 attempts:2\n")});
    const auto order = group.group.choose(group.now).order;
    CHECK(order.limits(1).attempt == seconds(1));
    CHECK(order.limits(1).tries == 2);
    CHECK(order.limits(0).tries > 100);
  }
  SUBCASE("rotate lets its servers take turns under `sequential`") {
    Group group({directory.write(text + "options rotate\n"), server(9)});
    CHECK(group.order() == "1 2 3 4 9");
    CHECK(group.order() == "2 3 4 1 9");
    CHECK(group.order() == "3 4 1 2 9");
    group.dies(3);
    group.order();
    CHECK(group.order().ends_with("9 4"));
  }
  SUBCASE("but not before one that is configured before them, which is asked first") {
    Group group({server(9), directory.write(text + "options rotate\n")});
    CHECK(group.order() == "9 1 2 3 4");
    CHECK(group.order() == "9 1 2 3 4");
  }
  SUBCASE("and not under `fastest`") {
    Group group({directory.write(text + "options rotate\n")}, Policy::Fastest);
    CHECK(group.order() == group.order());
  }
}

TEST_CASE("a resolv.conf that changes") {
  const Directory directory;
  const auto file = directory.path / "resolv.conf";
  Log log;

  SUBCASE("brings its servers when it comes") {
    Group group({file});
    CHECK(group.look().empty());
    directory.write("nameserver 10.0.0.1\n");
    CHECK(group.look() == "1");
  }
  SUBCASE("keeps what is known of those that stay") {
    directory.write("nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    Group group({file});
    group.dies(0);
    directory.write("nameserver 10.0.0.3\nnameserver 10.0.0.1\n");
    CHECK(group.look() == "3 1");
    CHECK(group.group.servers()[1]->health().dead());
  }
  SUBCASE("by its options only is followed") {
    directory.write("nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    Group group({file});
    directory.write("nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions rotate\n");
    group.look();
    CHECK(group.order() != group.order());
  }
  SUBCASE("keeps its servers when it goes or has none, and complains once") {
    directory.write("nameserver 10.0.0.1\n");
    Group group({file});
    std::filesystem::remove(file);
    for (int i = 0; i < 5; ++i) CHECK(group.look() == "1");
    directory.write("# nothing\n");
    for (int i = 0; i < 5; ++i) CHECK(group.look() == "1");
    CHECK(log.lines_with("1 known ones stay") == 1);
    directory.write("nameserver 10.0.0.2\n");
    CHECK(group.look() == "2");
    std::filesystem::remove(file);
    for (int i = 0; i < 5; ++i) CHECK(group.look() == "2");
    CHECK(log.lines_with("1 known ones stay") == 2);
  }
  SUBCASE("keeps its servers over a reload, too") {
    directory.write("nameserver 10.0.0.1\n");
    Group before({file});
    std::filesystem::remove(file);
    Group after({file}, Policy::Sequential, &before.group);
    CHECK(after.order() == "1");
  }
  SUBCASE("within one look is not seen before the next") {
    directory.write("nameserver 10.0.0.1\n");
    Group group({file});
    group.look();
    directory.write("nameserver 10.0.0.2\nnameserver 10.0.0.3\n");
    group.now += milliseconds(500);
    CHECK(group.order() == "1");
    CHECK(group.look() == "2 3");
  }
}

TEST_CASE("servers that are ourselves are left out, with one warning for each") {
  const Directory directory;
  const auto file = directory.write("nameserver 127.0.0.1\n");
  Log log;
  test::ServerMaker maker;
  const auto group_of = [&](std::vector<config::Forward::Upstream> sources) {
    return UpstreamGroup(".", sources, Policy::Sequential, maker.make(), maker.entropy, nullptr,
                         [](const config::Endpoint& at) { return at.address.is_loopback() && at.port == 53; });
  };
  auto now = Health::Clock::now();
  auto group = group_of({file});
  auto choice = group.choose(now);
  CHECK(choice.order.empty());
  for (int i = 0; i < 5; ++i) group.choose(now += seconds(2));
  CHECK(log.lines_with("127.0.0.1:53, where we listen ourselves") == 1);
  directory.write("nameserver 127.0.0.1\nnameserver 10.0.0.1\n");
  choice = group.choose(now += seconds(2));
  CHECK(Group::text(choice) == "1");
  auto mixed = group_of({server(2), file, config::Endpoint{boost::asio::ip::make_address("127.0.0.1"), 5353}});
  CHECK(mixed.servers().size() == 3);
}

TEST_CASE("a server that is a loop is as if it were not there, until it is none any more") {
  Group group({server(1), server(2)});
  const auto first = group.suspects["10.0.0.1:53"], second = group.suspects["10.0.0.2:53"];
  REQUIRE(first);
  REQUIRE(second);
  CHECK(group.order() == "1 2");
  first->looping = true;
  CHECK(group.order() == "2");
  CHECK(group.group.looping(0));
  CHECK_FALSE(group.group.looping(1));
  group.dies(1);
  CHECK(group.group.dead());  // nobody that can be asked lives
  second->looping = true;
  const auto choice = group.group.choose(group.now);
  CHECK(choice.order.empty());
  CHECK_FALSE(group.group.dead());
  first->looping = false;
  CHECK(group.order() == "1");
}

TEST_CASE("copies of questions go to one that others are preferred to, when it is due, one at a time") {
  Group group({server(1), server(2), server(3)}, Policy::Fastest);
  group.answers(0, milliseconds(1));
  const auto probe = [&] {
    const auto choice = group.group.choose(group.now);
    return choice.probe ? choice.probe->name() : std::string();
  };
  CHECK(probe() == "10.0.0.2:53");  // never measured
  CHECK(probe() == "10.0.0.3:53");
  CHECK(probe().empty());
  group.answers(1, milliseconds(5));
  group.answers(2, milliseconds(5));
  group.now += seconds(9);
  CHECK(probe().empty());
  group.now += seconds(2);
  CHECK_FALSE(probe().empty());
  CHECK_FALSE(probe().empty());
  CHECK(probe().empty());
  for (std::size_t i = 0; i < 3; ++i) group.dies(i);
  group.now += seconds(60);
  CHECK(probe().empty());  // all are asked in earnest
}
