#pragma once
// Which addresses are ourselves.

#include <functional>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::upstream {

// Says whether a question sent there would come in where we listen (`listening`: with the ports that the kernel chose).
// Where we listen on every address, those that the machine's interfaces have at that moment count, and all of loopback.
// Blocking, one system call or two: for when upstreams change. Any thread.
std::function<bool(const config::Endpoint&)> listening_at(std::vector<config::Endpoint> listening);

}  // namespace meridian::upstream
