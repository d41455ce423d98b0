#include "kube/exec_plugin.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "kube/api.hpp"
#include "kube/child_process.hpp"
#include "kube/readable.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// "...: said why"
std::string last_words(std::string_view errors) {
  while (!errors.empty() && (errors.back() == '\n' || errors.back() == '\r')) errors.remove_suffix(1);
  const auto line = errors.substr(errors.rfind('\n') + 1);  // npos + 1 is the beginning
  return line.empty() ? "" : ": " + readable(line);
}

[[noreturn]] void fail(const ExecPlugin& plugin, const std::string& why) {
  throw Unreachable("exec plugin " + plugin.command + ": " + why);
}

std::string output_of(const ExecPlugin& plugin, const ChildOutcome& outcome, std::chrono::milliseconds time) {
  using End = ChildOutcome::End;
  switch (outcome.end) {
    case End::TooSlow:
      fail(plugin, "it did not end within " + std::to_string(time.count() / 1000) + " s, and was killed" +
                       last_words(outcome.errors));
    case End::TooMuch:
      fail(plugin, "it printed far more than an ExecCredential, and was killed" + last_words(outcome.errors));
    case End::Killed:
      fail(plugin, "it was ended by signal " + std::to_string(outcome.code) + last_words(outcome.errors));
    case End::Exited:
      break;
  }
  if (outcome.code != 0) {
    fail(plugin, "it ended with status " + std::to_string(outcome.code) + last_words(outcome.errors));
  }
  return outcome.output;
}

}  // namespace

// What waits for a run. `failure` is empty if it succeeded, or was cancelled with its coroutine.
struct ExecPluginRunner::Run {
  explicit Run(const asio::any_io_executor& executor) : ended(executor, steady_clock::time_point::max()) {}
  asio::steady_timer ended;
  bool done = false;
  std::string failure;
};

ExecPluginRunner::ExecPluginRunner(asio::any_io_executor executor, std::shared_ptr<StopList> stops,
                                   std::chrono::milliseconds time)
    : executor_(std::move(executor)), stops_(std::move(stops)), time_(time) {}

const ExecPluginRunner::Kept* ExecPluginRunner::kept_for(const ExecPlugin& plugin) const {
  if (!kept_ || kept_->plugin != plugin || (kept_->until && steady_clock::now() >= *kept_->until)) return nullptr;
  return &*kept_;
}

asio::awaitable<ExecCredential> ExecPluginRunner::get(ExecPlugin plugin, std::shared_ptr<const Peer> peer) {
  const auto self = shared_from_this();
  for (;;) {
    if (const auto* kept = kept_for(plugin)) co_return kept->credential;
    if (!run_) break;
    const auto other = run_;
    const StopList::Guard guard(stops_, [other] { other->ended.cancel(); });
    boost::system::error_code error;
    co_await other->ended.async_wait(asio::redirect_error(asio::use_awaitable, error));
    stops_->check();
    if (!other->done) throw boost::system::system_error(asio::error::operation_aborted);
    if (!other->failure.empty()) throw Unreachable(other->failure);
  }
  const auto mine = run_ = std::make_shared<Run>(executor_);
  struct Ending {
    ExecPluginRunner& runner;
    Run& run;
    ~Ending() {
      run.done = true;
      run.ended.cancel();
      runner.run_.reset();
    }
  } const ending{*this, *mine};
  try {
    auto credential = co_await run(plugin, exec_info(plugin, *peer));
    std::optional<steady_clock::time_point> until;
    if (credential.expires) {
      const auto left = *credential.expires - std::chrono::system_clock::now();
      until = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(left);
    }
    kept_ = Kept{std::move(plugin), credential, until};
    co_return credential;
  } catch (const Unreachable& e) {
    mine->failure = e.what();
    throw;
  }
}

asio::awaitable<ExecCredential> ExecPluginRunner::run(ExecPlugin plugin, std::string info) {
  ChildCommand command{.program = plugin.command, .arguments = plugin.arguments, .environment = plugin.environment};
  command.environment.emplace_back("KUBERNETES_EXEC_INFO", std::move(info));
  command.time = time_;
  ChildOutcome outcome;
  try {
    outcome = co_await run_child(executor_, std::move(command), stops_);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) throw;
    const bool missing = e.code() == boost::system::errc::no_such_file_or_directory;
    const auto hint = plugin.install_hint.empty() ? "" : ": " + readable(plugin.install_hint);
    fail(plugin, (missing ? "there is no such program" : "it can't be run: " + e.code().message()) + hint);
  }
  const auto output = output_of(plugin, outcome, time_);
  try {
    co_return parse_exec_credential(output, plugin.api_version);
  } catch (const std::invalid_argument& e) {
    fail(plugin, e.what() + last_words(outcome.errors));
  }
}

}  // namespace meridian::kube
