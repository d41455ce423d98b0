#pragma once
// A WriteBack on its own loop, against the scripted API server.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cluster.hpp"
#include "kube/write_back.hpp"
#include "running.hpp"

namespace meridian::test {

struct WriteBackRun {
  explicit WriteBackRun(const config::Kubernetes& settings)
      : api(loop, settings), back(loop, api, [this](const kube::ObjectRef& entry, const std::string& why) {
          refused.push_back(entry.name + ": " + why);
        }) {
    back.enable(true);
  }
  // Until every wish is fulfilled.
  void settle() {
    REQUIRE(run_until(loop, [&] { return back.pending() == 0; }));
  }
  // Until `count` has come to something.
  void wait_for(const std::function<std::uint64_t()>& count) {
    REQUIRE(run_until(loop, [&] { return count() > 0; }));
  }
  // Until nothing runs and no timer is set: it would be idle for ever.
  bool idle() {
    if (loop.stopped()) loop.restart();
    loop.run_for(kTestDeadline);
    return loop.stopped();
  }

  boost::asio::io_context loop;
  kube::Api api;
  std::vector<std::string> refused;
  kube::WriteBack back;
};

}  // namespace meridian::test
