#pragma once
// Who holds a port, as far as /proc tells us: for the message of a start that failed.

#include <string>

#include <meridian/config/config.hpp>

namespace meridian::server {

// "systemd-resolve (pid 512)"; "another process" if it is not ours to see. Blocking (reads /proc); any thread.
std::string port_holder(const config::Endpoint& endpoint, bool tcp);

}  // namespace meridian::server
