#pragma once
// CMake would write this file; a static library exports nothing.
#define PROMETHEUS_CPP_CORE_EXPORT
#define PROMETHEUS_CPP_CORE_NO_EXPORT
