#pragma once
// The log: standard error, one event one line, as text or as JSON.

#include <meridian/config/config.hpp>

namespace meridian {

// Replaces the default logger's form and level; any time, control thread. Control characters in a message (names come
// from tenants and from the network) are written as \xNN, so that no name can forge a line.
void set_up_logging(const config::Log& log);

}  // namespace meridian
