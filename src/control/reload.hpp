#pragma once
// A changed configuration, taken over while running: SIGHUP, or the file changed. Control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <meridian/config/config.hpp>

namespace meridian::control {

class Reload {
 public:
  // `apply` gets every good configuration that differs from the one in force; `current` is the one of the start. The
  // file is looked at every second (a ConfigMap's symlink swap included), so it needs no watch of its own. What two
  // looks find alike is read: a file that is gone for a moment, or half written, is no configuration. Keys that take a
  // restart (listen, workers, state, vip.ledger, vip.write-back, vip.exclude-admiral) never differ, nor does the
  // cluster that the ledger is in.
  Reload(boost::asio::io_context& loop, std::filesystem::path file, config::Config current,
         std::function<void(const config::Config&)> apply);

  void start();
  void stop();
  // Reads the file now. A file with errors changes nothing; they are logged, one line each.
  void now();

  const config::Config& current() const { return current_; }  // in force
  std::uint64_t reloads() const { return reloads_; }
  std::uint64_t failures() const { return failures_; }
  // The errors of the last read, one a line; empty: it was good.
  const std::string& trouble() const { return trouble_; }

 private:
  void look();

  boost::asio::steady_timer timer_;
  std::filesystem::path file_;
  config::Config current_;
  std::function<void(const config::Config&)> apply_;
  std::optional<std::string> seen_;       // the file's text when it was last read as a configuration
  std::optional<std::string> last_look_;  // ... and at the last look
  std::uint64_t reloads_ = 0, failures_ = 0;
  std::string trouble_;
  bool stopped_ = false;
};

}  // namespace meridian::control
