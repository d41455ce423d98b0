#pragma once
// What a fuzz target says when a promise is broken, so that libFuzzer keeps the input.

#include <cstdio>
#include <cstdlib>

namespace meridian::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace meridian::fuzz
