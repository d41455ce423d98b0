#pragma once
// creationTimestamp: a moment as Kubernetes writes it (RFC 3339, 5.6). Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::mesh {

// "2024-05-01T10:00:00Z", with a fraction or another offset too. Nothing: it is none, or outside the years 1678 to
// 2261, which system_clock's nanoseconds can hold.
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

// The same moment in UTC, with a fraction only if it has one; parse_timestamp() reads it back exactly.
std::string to_timestamp(std::chrono::system_clock::time_point moment);

}  // namespace meridian::mesh
