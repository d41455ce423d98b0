#pragma once
// The annotation meridian.internal/ttl. Pure.

#include <chrono>
#include <optional>
#include <string_view>

namespace meridian::mesh {

// "30s", "5m", "1h", "1m30s", "1500ms", in the spelling of the configuration and of Go. A TTL has whole seconds
// (RFC 2181, 8): a part of one counts as one, because a TTL of zero would forbid keeping the answer, which "250ms" does
// not ask for. Nothing: no duration, or 2^31 seconds and more.
std::optional<std::chrono::seconds> parse_ttl(std::string_view text);

}  // namespace meridian::mesh
