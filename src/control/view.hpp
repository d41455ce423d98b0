#pragma once
// What people and monitors may see of the running server, and what operators may do to it. Control thread only.

#include <chrono>
#include <functional>

#include "control/frontend.hpp"
#include "control/reconciler.hpp"
#include "control/reload.hpp"

namespace meridian::control {

// Borrowed parts; they outlive whoever holds the view.
struct View {
  const Reconciler& reconciler;
  const Frontend& frontend;
  const Reload& reload;
  const bool& draining;
  std::chrono::system_clock::time_point started;
  // What an operator may set off, with a token.
  std::function<void()> read_configuration;
  std::function<void()> look_again;  // at every source: confirms what the mass-delete guard holds back
};

}  // namespace meridian::control
