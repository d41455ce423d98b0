#pragma once
// What people and monitors may see of the running server: the parts that the admin pages read. Control thread only.

#include <chrono>

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
};

}  // namespace meridian::control
