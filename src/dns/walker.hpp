#pragma once
// Steps over the names and records of a message whose octets come from outside. Strict: what a compression pointer
// points to must begin and end before the place where the part of the name that it ends began ("a prior occurrence",
// RFC 1035, 4.1.4), so that no walk can come back to where it was and no name reaches into what stands behind it; not
// into the header; label types other than 00 and 11 are refused (RFC 6891, 5), and so is a name of more than 255
// octets. Nothing is copied or allocated; the work for a name is bounded by kMaxName whatever the message.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <meridian/dns/types.hpp>
#include <span>

namespace meridian::dns {

using Message = std::span<const std::uint8_t>;

inline std::uint16_t read_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline std::uint32_t read_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(read_u16(at)) << 16 | read_u16(at + 2);
}

// Where the TTLs of a message's records are. They are written anew while a reply is kept, so no name may be read from
// them: it would be another name, or none, a second later.
class TtlMap {
 public:
  explicit TtlMap(Message message) { std::fill_n(bits_.begin(), message.size() / kBits + 1, 0); }
  void add(std::size_t ttl) {
    if (first_ == 0) first_ = ttl;
    for (std::size_t at = ttl; at < ttl + 4; ++at) bits_[at / kBits] |= std::uint64_t{1} << at % kBits;
  }
  // Whether an octet of a TTL is in [begin, end).
  bool meets(std::size_t begin, std::size_t end) const {
    if (first_ == 0 || end <= first_) return false;  // in the question, as nearly always
    for (std::size_t at = begin; at < end; ++at) {
      if ((bits_[at / kBits] >> at % kBits & 1) != 0) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kBits = 64;
  std::array<std::uint64_t, kMaxMessage / kBits + 1> bits_;  // as many as the message has octets
  std::size_t first_ = 0;                                    // the lowest; none is at 0
};

// The offset behind the name that begins at `at`, or 0 if there is no good name (a name never ends at 0). With `ttls`
// no part that a pointer leads to may meet one of them.
std::size_t end_of_name(Message message, std::size_t at, const TtlMap* ttls = nullptr);

// Where a resource record's parts are (RFC 1035, 4.1.3).
struct RecordPlace {
  std::size_t begin = 0;  // its owner
  std::size_t rdata = 0;  // its RDATA
  std::size_t end = 0;    // what follows it
  Type type{};
  std::uint16_t klass = 0;  // as on the wire: an OPT's is a size
  std::uint32_t ttl = 0;
  bool root_owner = false;  // a single octet 0, as an OPT's must be
};

// Finds the record that begins at `at`; false if it is not all there. The RDATA is not looked into.
bool find_record(Message message, std::size_t at, RecordPlace& place, const TtlMap* ttls = nullptr);

// Calls `visit(code, data)` for each EDNS option in `rdata`; false if an option does not fit or `visit` says false
// (RFC 6891, 6.1.2).
template <class Visit>
bool each_option(std::span<const std::uint8_t> rdata, Visit visit) {
  constexpr std::size_t kOptionHeader = 4;
  while (!rdata.empty()) {
    if (rdata.size() < kOptionHeader) return false;
    const std::size_t size = read_u16(rdata.data() + 2);
    if (rdata.size() - kOptionHeader < size) return false;
    if (!visit(static_cast<Option>(read_u16(rdata.data())), rdata.subspan(kOptionHeader, size))) return false;
    rdata = rdata.subspan(kOptionHeader + size);
  }
  return true;
}

}  // namespace meridian::dns
