#pragma once
// The credential that an exec plugin gave: one run at a time, and none while it holds.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "kube/exec_credential.hpp"
#include "kube/stop_list.hpp"

namespace meridian::kube {

// Control thread only. Shared: a coroutine in get() keeps it.
class ExecPluginRunner : public std::enable_shared_from_this<ExecPluginRunner> {
 public:
  ExecPluginRunner(boost::asio::any_io_executor executor, std::shared_ptr<StopList> stops,
                   std::chrono::milliseconds time = std::chrono::seconds(30));

  // The kept one, or another: when it expired (by the clock of this machine when it was given; later jumps of that
  // clock do not matter), was forgotten, or is of another plugin. All who ask meanwhile wait for the same run. Throws
  // Unreachable, with the last line of standard error.
  boost::asio::awaitable<ExecCredential> get(ExecPlugin plugin, std::shared_ptr<const Peer> peer);
  // The server does not take the one with this token (or, if it is empty, certificate).
  void forget(const std::string& token) {
    if (kept_ && kept_->credential.token == token) kept_.reset();
  }

 private:
  struct Run;
  struct Kept {
    ExecPlugin plugin;
    ExecCredential credential;
    std::optional<std::chrono::steady_clock::time_point> until;
  };
  const Kept* kept_for(const ExecPlugin& plugin) const;
  boost::asio::awaitable<ExecCredential> run(ExecPlugin plugin, std::string info);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<StopList> stops_;
  std::chrono::milliseconds time_;
  std::optional<Kept> kept_;
  std::shared_ptr<Run> run_;  // the one that goes on
};

}  // namespace meridian::kube
