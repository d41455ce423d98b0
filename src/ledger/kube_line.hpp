#pragma once
// One line of a shard: an address and who has it, as people read it in `kubectl get configmap -o yaml`:
//
//   245.1.2.3: '{"host":"httpbin.bar.global","epoch":3}'
//   245.1.2.9: '{"host":"gone.bar.global","epoch":2,"freed":840}'
//
// Pure; any thread.

#include <cstdint>
#include <meridian/vip/record.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::ledger {

struct Line {
  vip::Record record;
  std::uint64_t epoch = 0;  // of the leader that gave the address to the host: of two that contradict the older holds
  bool operator==(const Line&) const = default;
};

// No epoch is larger, so that there is always a next one.
inline constexpr std::uint64_t kLastEpoch = 1ull << 53;

// "245.1.2.3", "fd00__1": the keys of a ConfigMap have no colon.
std::string key_of(const vip::Address& address);
// ASCII; an octet of the host that is none is written as the character of that number (ISO 8859-1).
std::string value_of(const Line& line);
// Nothing: damaged. Only what key_of() writes is a key, so that no address has two.
std::optional<Line> parse_line(std::string_view key, std::string_view value);
// A decimal number from 0 to kLastEpoch; nothing: it is none.
std::optional<std::uint64_t> parse_epoch(std::string_view text);

}  // namespace meridian::ledger
