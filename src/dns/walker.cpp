#include "walker.hpp"

namespace meridian::dns {
namespace {

constexpr std::uint8_t kPointer = 0xc0;   // RFC 1035, 4.1.4
constexpr std::size_t kFixedFields = 10;  // TYPE, CLASS, TTL, RDLENGTH
// Backward pointers alone end every walk, but 8,000 of them in a row could hang under each of 5,000 owners. A name has
// at most 127 labels, so no encoder needs more pointers than that.
constexpr std::size_t kMaxPointers = kMaxLabels;

}  // namespace

std::size_t end_of_name(Message message, std::size_t at, const TtlMap* ttls) {
  std::size_t end = 0;                 // set at the first pointer: the name goes on elsewhere, the message behind it
  std::size_t segment = at;            // where the labels being read began
  std::size_t bound = message.size();  // where they must have ended
  std::size_t size = 1;                // of the name, uncompressed; the root label counts from the start
  std::size_t pointers = 0;
  while (at < bound) {
    const std::uint8_t length = message[at];
    if (length == 0) {
      if (end == 0) return at + 1;
      return ttls && ttls->meets(segment, at + 1) ? 0 : end;
    }
    if (length <= kMaxLabel) {
      size += 1u + length;
      if (size > kMaxName) return 0;
      at += 1u + length;
      continue;
    }
    if (length < kPointer || at + 1 >= bound) return 0;
    const std::size_t target = read_u16(&message[at]) & 0x3fffu;
    if (target < kHeaderSize || target >= segment || ++pointers > kMaxPointers) return 0;
    if (end == 0) {
      end = at + 2;
    } else if (ttls && ttls->meets(segment, at + 2)) {
      return 0;
    }
    bound = segment;
    at = segment = target;
  }
  return 0;
}

bool find_record(Message message, std::size_t at, RecordPlace& place, const TtlMap* ttls) {
  const std::size_t fields = end_of_name(message, at, ttls);
  if (fields == 0 || message.size() - fields < kFixedFields) return false;
  const std::uint8_t* octets = message.data() + fields;
  place.begin = at;
  place.rdata = fields + kFixedFields;
  place.type = static_cast<Type>(read_u16(octets));
  place.klass = read_u16(octets + 2);
  place.ttl = read_u32(octets + 4);
  place.end = place.rdata + read_u16(octets + 8);
  place.root_owner = fields == at + 1;
  return place.end <= message.size();
}

}  // namespace meridian::dns
