// The labels of the counters, and which question and reply counts under which.

#include <meridian/stats/counters.hpp>

namespace meridian::stats {
namespace {

template <class E>
using Labels = std::array<const char*, cells<E>>;

constexpr Labels<QType> kTypes = {"A",  "AAAA",  "SRV",  "PTR", "TXT", "NS",   "SOA",
                                  "MX", "HTTPS", "SVCB", "DS",  "ANY", "other"};
constexpr Labels<RCode> kRcodes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                   "NOTIMP",  "REFUSED", "other",    "dropped"};
constexpr Labels<Place> kPlaces = {"zone",  "wildcard", "reverse",   "host",    "special",
                                   "chaos", "cached",   "forwarded", "refused", "error"};
constexpr Labels<Transport> kTransports = {"udp", "tcp"};

// std::array pads a short list with null pointers: a new enumerator without a label must not compile.
template <std::size_t N>
constexpr bool complete(const std::array<const char*, N>& labels) {
  return labels[N - 1] != nullptr;
}
static_assert(complete(kTypes) && complete(kRcodes) && complete(kPlaces) && complete(kTransports));

template <class E>
const char* label(const Labels<E>& labels, E value) {
  return labels.at(static_cast<std::size_t>(value));
}

}  // namespace

// Numbers: IANA, "Resource Record (RR) TYPEs".
QType bucket(std::uint16_t type) {
  switch (type) {
    case 1:
      return QType::A;
    case 2:
      return QType::NS;
    case 6:
      return QType::SOA;
    case 12:
      return QType::PTR;
    case 15:
      return QType::MX;
    case 16:
      return QType::TXT;
    case 28:
      return QType::AAAA;
    case 33:
      return QType::SRV;
    case 43:
      return QType::DS;
    case 64:
      return QType::SVCB;
    case 65:
      return QType::HTTPS;
    case 255:
      return QType::ANY;
    default:
      return QType::Other;
  }
}

// Numbers 0 to 5 (RFC 1035, 4.1.1) stand in the enumeration's order.
RCode rcode_bucket(std::uint16_t rcode) {
  return rcode < static_cast<std::uint16_t>(RCode::Other) ? static_cast<RCode>(rcode) : RCode::Other;
}

const char* to_text(QType type) {
  return label(kTypes, type);
}
const char* to_text(RCode rcode) {
  return label(kRcodes, rcode);
}
const char* to_text(Place place) {
  return label(kPlaces, place);
}
const char* to_text(Transport transport) {
  return label(kTransports, transport);
}

}  // namespace meridian::stats
