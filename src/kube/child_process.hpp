#pragma once
// A short-lived child process that nothing waits for but a coroutine: its output, and how it ended.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/stop_list.hpp"

namespace meridian::kube {

struct ChildCommand {
  std::string program;  // a path, or a name that PATH has
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};  // on top of ours
  std::size_t output_limit = 1 << 20;                              // octets of standard output; more kills it
  std::chrono::milliseconds time{30000};                           // more kills it
};

struct ChildOutcome {
  enum class End { Exited, Killed, TooSlow, TooMuch } end = End::Exited;
  int code = 0;          // exit status; for Killed: the signal
  std::string output{};  // standard output, all of it
  std::string errors{};  // standard error, its end
};

// Standard input is empty, and no other descriptor of ours is inherited. The child has a process group of its own,
// which is killed whole if it has to be: by the limits, by stop(), and when the coroutine is cancelled or destroyed.
// Throws boost::system::system_error if there is no such program, and operation_aborted.
boost::asio::awaitable<ChildOutcome> run_child(boost::asio::any_io_executor executor, ChildCommand command,
                                               std::shared_ptr<StopList> stops);

}  // namespace meridian::kube
