#pragma once
// The numbers of the DNS with their IANA spelling, so that the code can be searched with the words of the RFCs.
// Source: IANA "Domain Name System (DNS) Parameters".

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace meridian::dns {

enum class Type : std::uint16_t {
  A = 1,
  NS = 2,
  CNAME = 5,
  SOA = 6,
  PTR = 12,
  MX = 15,
  TXT = 16,
  AAAA = 28,
  SRV = 33,
  DNAME = 39,
  OPT = 41,
  DS = 43,
  DNSKEY = 48,
  SVCB = 64,
  HTTPS = 65,
  TKEY = 249,
  TSIG = 250,
  IXFR = 251,
  AXFR = 252,
  MAILB = 253,
  MAILA = 254,
  ANY = 255,
  CAA = 257,
};

enum class Class : std::uint16_t { IN = 1, CH = 3, HS = 4, NONE = 254, ANY = 255 };

enum class Opcode : std::uint8_t { Query = 0, IQuery = 1, Status = 2, Notify = 4, Update = 5, DSO = 6 };

// Values above 15 need the extended bits of an OPT record (RFC 6891, 6.1.3).
enum class Rcode : std::uint16_t {
  NoError = 0,
  FormErr = 1,
  ServFail = 2,
  NXDomain = 3,
  NotImp = 4,
  Refused = 5,
  NotAuth = 9,
  BadVers = 16,
};

// Extended DNS errors (RFC 8914).
enum class ExtendedError : std::uint16_t {
  Other = 0,
  StaleAnswer = 3,
  CachedError = 13,
  NotReady = 14,
  Prohibited = 18,
  NotAuthoritative = 20,
  NoReachableAuthority = 22,
  NetworkError = 23,
  InvalidData = 24,
};

// EDNS option codes.
enum class Option : std::uint16_t {
  NSID = 3,
  ClientSubnet = 8,
  Cookie = 10,
  TcpKeepalive = 11,
  Padding = 12,
  ExtendedError = 15
};

constexpr std::size_t kHeaderSize = 12;      // RFC 1035, 4.1.1
constexpr std::size_t kMaxName = 255;        // RFC 1035, 3.1: octets of a name in wire form, root label included
constexpr std::size_t kMaxLabel = 63;        // RFC 1035, 3.1
constexpr std::size_t kMaxLabels = 128;      // 127 labels of one octet and the root
constexpr std::size_t kMinUdpPayload = 512;  // RFC 1035, 4.2.1
constexpr std::size_t kMaxMessage = 65535;   // RFC 1035, 4.2.2: what the two octets of length over TCP can say

// "A", "AAAA", ... or "TYPE65280" (RFC 3597, 5).
std::string to_text(Type type);
// "NOERROR", "NXDOMAIN", ... or "RCODE11".
std::string to_text(Rcode rcode);
// Accepts what to_text gives, in any case. 0 is no type anybody can ask to explain and stands for "not a type".
Type type_from_text(std::string_view text);

}  // namespace meridian::dns
