#include "kube/exec_plugin.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "kube/api.hpp"
#include "running.hpp"
#include "scratch.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;

using test::run;
using test::run_until;

// Prints an ExecCredential with these members of its status, and a line into `runs`.
std::string prints(const std::string& status) {
  return "echo run >> \"$(dirname \"$0\")/runs\"\ncat <<'END'\n"
         R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
         status + "}\nEND\n";
}

// Processes that this one started and has not waited for, zombies too.
std::string children() {
  std::ifstream list("/proc/thread-self/children");
  REQUIRE(list.good());
  return {std::istreambuf_iterator<char>(list), {}};
}

// A process that is nobody's child any more: init has not always waited for it yet.
bool runs(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

struct Plugins {
  const std::string before = children();
  test::Scratch scratch;
  asio::io_context loop;
  std::shared_ptr<StopList> stops = std::make_shared<StopList>();
  std::shared_ptr<ExecPluginRunner> runner;
  std::shared_ptr<const Peer> peer = std::make_shared<Peer>(Peer{.origin = "test", .server = {"api", 443, ""}});

  explicit Plugins(std::chrono::milliseconds time = std::chrono::seconds(30))
      : runner(std::make_shared<ExecPluginRunner>(loop.get_executor(), stops, time)) {}

  ExecPlugin plugin(const std::string& script) {
    return {.api_version = "client.authentication.k8s.io/v1", .command = scratch.script("plugin", script)};
  }
  ExecCredential get(ExecPlugin plugin) { return run(loop, runner->get(std::move(plugin), peer)); }
  // What is said when it fails, without the path of the plugin.
  std::string error_of(ExecPlugin plugin) {
    try {
      get(plugin);
    } catch (const Unreachable& e) {
      const std::string text = e.what(), prefix = "exec plugin " + plugin.command + ": ";
      CHECK(text.starts_with(prefix));
      return text.substr(prefix.size());
    }
    return "";
  }
  std::size_t runs() const {
    const auto text = scratch.read("runs");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

TEST_CASE("an exec plugin gives a credential") {
  Plugins plugins;
  SUBCASE("a token") {
    CHECK(plugins.get(plugins.plugin(prints(R"({"token":"abc"})"))).token == "abc");
  }
  SUBCASE("a certificate") {
    const auto script = prints(R"({"clientCertificateData":"C\n","clientKeyData":"K\n"})");
    CHECK(plugins.get(plugins.plugin(script)).certificate == "C\n");
  }
  SUBCASE("with its arguments, its variables, ours, and what it is told") {
    auto plugin =
        plugins.plugin("echo \"$1 $2 $MINE $PATH $KUBERNETES_EXEC_INFO\" > \"$0.saw\"\n" + prints(R"({"token":"x"})"));
    plugin.arguments = {"a b", "c"};
    plugin.environment = {{"MINE", "mine"}};
    plugins.get(plugin);
    CHECK(plugins.scratch.read("plugin.saw") ==
          "a b c mine " + std::string(std::getenv("PATH")) + " " + exec_info(plugin, *plugins.peer) + "\n");
  }
  SUBCASE("and has no descriptor of ours, no input, and no signal blocked") {
    const int ours = ::open("/dev/null", O_RDONLY);  // on purpose without O_CLOEXEC
    const auto plugin = plugins.plugin(
        "ls /proc/$$/fd > \"$0.fds\"; cat > \"$0.input\"\ngrep SigBlk /proc/self/status > \"$0.signals\"\n" +
        prints(R"({"token":"x"})"));
    plugins.get(plugin);
    ::close(ours);
    CHECK(plugins.scratch.read("plugin.fds").find(std::to_string(ours)) == std::string::npos);
    CHECK(plugins.scratch.read("plugin.input") == "");
    CHECK(plugins.scratch.read("plugin.signals") == "SigBlk:\t0000000000000000\n");
  }
  CHECK(children() == plugins.before);
}

TEST_CASE("a credential is kept") {
  Plugins plugins;
  SUBCASE("until it is forgotten") {
    const auto plugin = plugins.plugin(prints(R"({"token":"abc"})"));
    plugins.get(plugin);
    plugins.get(plugin);
    CHECK(plugins.runs() == 1);
    plugins.runner->forget("another");
    plugins.get(plugin);
    CHECK(plugins.runs() == 1);
    plugins.runner->forget("abc");
    plugins.get(plugin);
    CHECK(plugins.runs() == 2);
  }
  SUBCASE("until it expires") {
    const auto later = plugins.plugin(prints(R"({"token":"abc","expirationTimestamp":"2199-01-01T00:00:00Z"})"));
    plugins.get(later);
    plugins.get(later);
    CHECK(plugins.runs() == 1);
    const auto over = plugins.plugin(prints(R"({"token":"abc","expirationTimestamp":"2020-01-01T00:00:00Z"})"));
    plugins.runner->forget("abc");
    plugins.get(over);
    plugins.get(over);
    CHECK(plugins.runs() == 3);
  }
  SUBCASE("not for another plugin") {
    auto plugin = plugins.plugin(prints(R"({"token":"abc"})"));
    plugins.get(plugin);
    plugin.arguments = {"other"};
    plugins.get(plugin);
    CHECK(plugins.runs() == 2);
  }
  SUBCASE("and all who ask at once wait for one run") {
    const auto plugin = plugins.plugin(prints(R"({"token":"abc"})"));
    int got = 0;
    for (int i = 0; i < 5; ++i) {
      asio::co_spawn(plugins.loop, plugins.runner->get(plugin, plugins.peer),
                     [&](std::exception_ptr e, ExecCredential c) {
                       CHECK_FALSE(e);
                       CHECK(c.token == "abc");
                       ++got;
                     });
    }
    CHECK(run_until(plugins.loop, [&] { return got == 5; }));
    CHECK(plugins.runs() == 1);
  }
}

TEST_CASE("an exec plugin that fails says why") {
  Plugins plugins;
  SUBCASE("by its last words") {
    CHECK(plugins.error_of(plugins.plugin("echo first >&2; echo 'log in \033[1mfirst' >&2; exit 3")) ==
          "it ended with status 3: log in \\x1b[1mfirst");
  }
  SUBCASE("or without") {
    CHECK(plugins.error_of(plugins.plugin("exit 1")) == "it ended with status 1");
  }
  SUBCASE("by a signal") {
    CHECK(plugins.error_of(plugins.plugin("kill -9 $$")) == "it was ended by signal 9");
  }
  SUBCASE("with garbage, which is not repeated") {
    CHECK(plugins.error_of(plugins.plugin("echo s3cret; echo why >&2")) == "it printed no JSON object: why");
  }
  SUBCASE("with endless output") {
    CHECK(plugins.error_of(plugins.plugin("cat /dev/zero")) ==
          "it printed far more than an ExecCredential, and was killed");
  }
  SUBCASE("with endless errors and then a good end") {
    CHECK(plugins.get(plugins.plugin("head -c 1000000 /dev/zero >&2\n" + prints(R"({"token":"x"})"))).token == "x");
  }
  SUBCASE("with endless errors and no end, which hold nobody") {
    CHECK(plugins.error_of(plugins.plugin("(head -c 1000000 /dev/zero >&2; kill -9 $$) & cat /dev/zero >&2"))
              .find("it was ended by signal") == 0);
  }
  SUBCASE("by not being there") {
    ExecPlugin plugin{.api_version = "client.authentication.k8s.io/v1",
                      .command = "no-such-plugin",
                      .install_hint = "brew install it"};
    CHECK(plugins.error_of(plugin) == "there is no such program: brew install it");
    plugin.command = plugins.scratch.write("data", "x");
    CHECK(plugins.error_of(plugin) == "it can't be run: Permission denied: brew install it");
  }
  CHECK(children() == plugins.before);
}

// The first line of a script: a child of it that would live for long, whose number is in `child`.
constexpr const char* kLeavesAChild = "sleep 1000 & echo $! > \"$(dirname \"$0\")/child\"\n";

void check_child_is_gone(Plugins& plugins) {
  const auto child = plugins.scratch.read("child");
  CHECK(run_until(plugins.loop, [&] { return !runs(child.substr(0, child.find('\n'))); }));
  CHECK(children() == plugins.before);
}

TEST_CASE("an exec plugin that hangs is killed after its time, with what it started") {
  Plugins plugins(std::chrono::seconds(1));
  const auto plugin = plugins.plugin(std::string(kLeavesAChild) + "echo waiting >&2; sleep 1000");
  CHECK(plugins.error_of(plugin) == "it did not end within 1 s, and was killed: waiting");
  check_child_is_gone(plugins);
}

TEST_CASE("what an exec plugin leaves behind does not hold us, though it holds our pipes") {
  Plugins plugins;
  CHECK(plugins.get(plugins.plugin(kLeavesAChild + prints(R"({"token":"x"})"))).token == "x");
  check_child_is_gone(plugins);
}

TEST_CASE("a plugin that is waited for when everything stops ends, and so does the wait") {
  Plugins plugins;
  const auto plugin = plugins.plugin("echo run > \"$(dirname \"$0\")/runs\"; sleep 1000");
  int aborted = 0;
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(plugins.loop, plugins.runner->get(plugin, plugins.peer), [&](std::exception_ptr e, ExecCredential) {
      try {
        if (e) std::rethrow_exception(e);
      } catch (const boost::system::system_error& error) {
        aborted += error.code() == asio::error::operation_aborted;
      }
    });
  }
  CHECK(run_until(plugins.loop, [&] { return plugins.runs() == 1; }));
  plugins.stops->stop();
  CHECK(run_until(plugins.loop, [&] { return aborted == 3; }));
  CHECK(children() == plugins.before);
}

TEST_CASE("a plugin that nobody waits for any more is ended, and reaped by the loop") {
  Plugins plugins;
  const auto plugin = plugins.plugin("echo run > \"$(dirname \"$0\")/runs\"; sleep 1000");
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(
      plugins.loop, plugins.runner->get(plugin, plugins.peer),
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, ExecCredential) { ended = true; }));
  REQUIRE(run_until(plugins.loop, [&] { return plugins.runs() == 1; }));
  cancel.emit(asio::cancellation_type::terminal);
  CHECK(run_until(plugins.loop, [&] { return ended; }));
  CHECK(run_until(plugins.loop, [&] { return children() == plugins.before; }));
}

TEST_CASE("a plugin does not outlive the loop that its coroutine was destroyed with") {
  const auto before = children();
  {
    Plugins plugins;
    const auto plugin = plugins.plugin("echo run > \"$(dirname \"$0\")/runs\"; sleep 1000");
    asio::co_spawn(plugins.loop, plugins.runner->get(plugin, plugins.peer), asio::detached);
    CHECK(run_until(plugins.loop, [&] { return plugins.runs() == 1; }));
    CHECK(children() != before);
  }
  CHECK(children() == before);
}

}  // namespace
}  // namespace meridian::kube
