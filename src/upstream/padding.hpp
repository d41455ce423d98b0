#pragma once
// Padding of queries over TLS, so that their length says little of the name that is asked (RFC 7830, RFC 8467). Pure.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace meridian::upstream {

inline constexpr std::size_t kPaddingBlock = 128;  // RFC 8467, 4.1

// Fills `query` up to a multiple of kPaddingBlock by an option in the OPT record at its end. One without OPT, or whose
// OPT has options already, stays as it is.
void pad_query(std::vector<std::uint8_t>& query);

}  // namespace meridian::upstream
