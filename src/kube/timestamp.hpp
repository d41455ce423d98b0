#pragma once
// Moments as Kubernetes writes them: RFC 3339, 5.6. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::kube {

using WallTime = std::chrono::system_clock::time_point;

// "2030-01-02T03:04:05Z", "...05.123+01:00"; to the second, and the years 1970 to 2200 stand for those beyond them.
// Nothing: it is none.
std::optional<WallTime> parse_time(std::string_view text);

// In UTC, and what is smaller is cut off: "2025-01-02T03:04:05Z" (metav1.Time), and "2025-01-02T03:04:05.000006Z"
// (metav1.MicroTime).
std::string to_seconds(WallTime time);
std::string to_microseconds(WallTime time);

}  // namespace meridian::kube
