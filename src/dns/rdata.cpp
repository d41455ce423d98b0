#include "rdata.hpp"

#include <string_view>

namespace meridian::dns {
namespace {

// Types that only this table speaks of.
enum : std::uint16_t {
  kMD = 3,
  kMF = 4,
  kMB = 7,
  kMG = 8,
  kMR = 9,
  kHINFO = 13,
  kMINFO = 14,
  kRP = 17,
  kAFSDB = 18,
  kRT = 21,
  kPX = 26,
  kNAPTR = 35,
  kKX = 36,
};

// A type's RDATA, field by field: a digit is that many octets, 'n' a name, 's' a character-string and '*' any more of
// those. Names may be compressed even where the sender should not have (RFC 3597, 4; RFC 2782). The class makes no
// difference: an A of class CH is not what we ask for. Empty: opaque.
std::string_view fields_of(Type type) {
  switch (static_cast<std::uint16_t>(type)) {
    case static_cast<std::uint16_t>(Type::A):
      return "4";
    case static_cast<std::uint16_t>(Type::AAAA):
      return "88";
    case static_cast<std::uint16_t>(Type::NS):
    case static_cast<std::uint16_t>(Type::CNAME):
    case static_cast<std::uint16_t>(Type::PTR):
    case static_cast<std::uint16_t>(Type::DNAME):
    case kMD:
    case kMF:
    case kMB:
    case kMG:
    case kMR:
      return "n";
    case kMINFO:
    case kRP:
      return "nn";
    case static_cast<std::uint16_t>(Type::SOA):
      return "nn44444";
    case static_cast<std::uint16_t>(Type::MX):
    case kAFSDB:
    case kRT:
    case kKX:
      return "2n";
    case kPX:
      return "2nn";
    case static_cast<std::uint16_t>(Type::SRV):
      return "222n";
    case kNAPTR:
      return "22sssn";
    case static_cast<std::uint16_t>(Type::TXT):
      return "s*";
    case kHINFO:
      return "ss";
    default:
      return "";
  }
}

}  // namespace

bool is_good_rdata(Message message, const RecordPlace& record, const TtlMap& ttls) {
  if (record.type == Type::OPT) {
    return each_option(message.subspan(record.rdata, record.end - record.rdata), [](Option, auto) { return true; });
  }
  const auto fields = fields_of(record.type);
  if (fields.empty()) return true;
  std::size_t at = record.rdata;
  for (const char field : fields) {
    switch (field) {
      case 'n':
        at = end_of_name(message, at, &ttls);
        if (at == 0) return false;
        break;
      case 's':
        if (at >= record.end) return false;
        at += 1u + message[at];
        break;
      case '*':
        while (at < record.end) at += 1u + message[at];
        break;
      default:
        at += static_cast<unsigned>(field - '0');
    }
  }
  return at == record.end;  // it only grows: a field that passed the end shows here too
}

}  // namespace meridian::dns
