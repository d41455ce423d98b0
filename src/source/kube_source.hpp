#pragma once
// ServiceEntries of a cluster: list and watch through its API server, of all namespaces or of some.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

#include "kube/reflector.hpp"
#include "source/source.hpp"

namespace meridian::source {

struct KubeTimes {
  kube::ReflectorTimes reflector;
  // How long after confirm(). A CRD that is being deleted lists as empty for a moment; then it is a 404, which confirms
  // nothing.
  std::chrono::milliseconds second_look{10000};
};

// See Source. The first complete list is a Sync; a later one a Rescan, with what is different by resourceVersion. While
// the server is away, or the CRD is missing (404), State says so and what was told stays. An entry that became invalid
// stays as it was, and is a Problem. `object_size`: of one object as JSON, in octets; a longer one is passed over, told
// and counted. `previous`: entries of the last run: an entry that is invalid at the start stays as it was there.
std::unique_ptr<Source> make_kube_source(boost::asio::io_context& loop, std::string name, config::Kubernetes settings,
                                         std::uint64_t object_size, std::vector<EntryPtr> previous = {},
                                         KubeTimes times = {});

}  // namespace meridian::source
