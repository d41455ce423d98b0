#pragma once
// Whether this server should be asked, and if not, why. Control thread.

#include <string>
#include <vector>

#include "control/view.hpp"

namespace meridian::control {

struct Readiness {
  bool ready = false;
  std::vector<std::string> reasons;  // why not; with `ready` what is wrong all the same
};

// Ready: every worker answers from zones that may deny names, no drain has begun, and sources that are down are within
// what `stale` allows.
Readiness readiness(const View& view);

}  // namespace meridian::control
