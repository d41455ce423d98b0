#pragma once
// An ares_channel with everything given, so that it reads no file and no variable, and with nothing on that is not
// asked for.

#define CARES_NO_DEPRECATED  // 1.34 would rather have its newer calls, which 1.18.1 does not know
#include <ares.h>

#include <chrono>

#include <meridian/config/config.hpp>

#include "upstream/channel.hpp"

namespace meridian::upstream {

struct AresSetup {
  const config::Endpoint& server;
  Transport transport;                 // Udp or Tcp
  std::chrono::milliseconds patience;  // after which a question has failed
  void* self;                          // what the functions below are called with
  ares_sock_state_cb on_interest;
  const ares_socket_functions* calls;  // outlives the channel
};

// The caller's, who ends it by ares_destroy. Throws std::runtime_error if c-ares gets no memory.
ares_channel open_ares(const AresSetup& setup);

}  // namespace meridian::upstream
