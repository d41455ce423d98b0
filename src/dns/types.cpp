#include <algorithm>
#include <charconv>
#include <meridian/dns/types.hpp>

namespace meridian::dns {
namespace {

struct Mnemonic {
  Type type;
  std::string_view text;
};

constexpr Mnemonic kTypes[] = {
    {Type::A, "A"},           {Type::NS, "NS"},       {Type::CNAME, "CNAME"}, {Type::SOA, "SOA"},
    {Type::PTR, "PTR"},       {Type::MX, "MX"},       {Type::TXT, "TXT"},     {Type::AAAA, "AAAA"},
    {Type::SRV, "SRV"},       {Type::DNAME, "DNAME"}, {Type::OPT, "OPT"},     {Type::DS, "DS"},
    {Type::DNSKEY, "DNSKEY"}, {Type::SVCB, "SVCB"},   {Type::HTTPS, "HTTPS"}, {Type::TKEY, "TKEY"},
    {Type::TSIG, "TSIG"},     {Type::IXFR, "IXFR"},   {Type::AXFR, "AXFR"},   {Type::MAILB, "MAILB"},
    {Type::MAILA, "MAILA"},   {Type::ANY, "ANY"},     {Type::CAA, "CAA"},
};

constexpr std::string_view kGeneric = "TYPE";  // RFC 3597, 5

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, upper, upper);
}

}  // namespace

std::string to_text(Type type) {
  const auto known = std::ranges::find(kTypes, type, &Mnemonic::type);
  if (known != std::end(kTypes)) return std::string(known->text);
  return std::string(kGeneric) + std::to_string(static_cast<unsigned>(type));
}

std::string to_text(Rcode rcode) {
  switch (rcode) {
    case Rcode::NoError:
      return "NOERROR";
    case Rcode::FormErr:
      return "FORMERR";
    case Rcode::ServFail:
      return "SERVFAIL";
    case Rcode::NXDomain:
      return "NXDOMAIN";
    case Rcode::NotImp:
      return "NOTIMP";
    case Rcode::Refused:
      return "REFUSED";
    case Rcode::NotAuth:
      return "NOTAUTH";
    case Rcode::BadVers:
      return "BADVERS";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

Type type_from_text(std::string_view text) {
  for (const auto& known : kTypes) {
    if (equal_without_case(known.text, text)) return known.type;
  }
  if (!equal_without_case(text.substr(0, kGeneric.size()), kGeneric)) return Type{0};
  const auto digits = text.substr(kGeneric.size());
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole ? Type{number} : Type{0};
}

}  // namespace meridian::dns
