#pragma once
// Messages for tests, written and read by hand: nothing here is shared with the code under test.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meridian::test {

using Octets = std::vector<std::uint8_t>;

constexpr std::uint16_t kA = 1, kAaaa = 28;

// A query with RD=1; `name` in presentation form without escapes.
Octets query_for(std::string_view name, std::uint16_t type, std::uint16_t id);
// The same with two octets of length in front (RFC 1035, 4.2.2).
Octets framed(const Octets& message);
Octets& operator+=(Octets& to, const Octets& more);

std::uint16_t id_of(std::span<const std::uint8_t> message);
// "NOERROR 240.0.0.7", "NXDOMAIN", "FORMERR": rcode, and the address if the first answer is an A record.
std::string summary(std::span<const std::uint8_t> reply);
// The name of the question, as "web.example".
std::string question_of(std::span<const std::uint8_t> message);
// An upstream's answer to `query`: one A record.
Octets answer_to(std::span<const std::uint8_t> query, std::string_view address);

}  // namespace meridian::test
