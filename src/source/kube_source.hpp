#pragma once
// ServiceEntries of a cluster: list and watch through its API server, of all namespaces or of some.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "source/source.hpp"

namespace meridian::source {

// See Source. The first complete list is a Sync; a later one a Rescan, with what is different by resourceVersion. While
// the server is away, or the CRD is missing (404), State says so and what was told stays. An entry that became invalid
// stays as it was, and is a Problem. `object_size`: of one object as JSON, in octets; a longer one is passed over, told
// and counted.
std::unique_ptr<Source> make_kube_source(boost::asio::io_context& loop, std::string name, config::Kubernetes settings,
                                         std::uint64_t object_size);

}  // namespace meridian::source
