// Forms of addresses, ports and networks, both ways.

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/error_code.hpp>
#include <charconv>

#include <meridian/config/config.hpp>
#include "form.hpp"

namespace meridian::config {
namespace {

namespace ip = boost::asio::ip;

std::optional<unsigned> number(std::string_view digits, unsigned most) {
  unsigned n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc() || end != digits.data() + digits.size() || n > most) return std::nullopt;
  return n;
}

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);  // a string: the text need not end in a zero
  if (error || text.find('\0') != text.npos) return std::nullopt;
  // An interface that is not there reads as none at all: fe80::1%nosuch is refused here, not when sending fails.
  if (text.find('%') != text.npos && address.to_v6().scope_id() == 0) return std::nullopt;
  return unmapped(address);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::optional<std::uint16_t> port) {
  std::string_view host = text, digits;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (host.find(':') == host.npos) return std::nullopt;  // brackets are for v6
    digits = text.substr(close + 1);
    has_port = !digits.empty();
    if (has_port && !digits.starts_with(':')) return std::nullopt;
    if (has_port) digits.remove_prefix(1);
  } else if (const auto colon = text.find(':'); colon != text.npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);  // one colon: v4 and a port; more of them: v6 without one
    digits = text.substr(colon + 1);
    has_port = true;
  }
  const auto address = parse_address(host);
  const auto number_ = has_port ? number(digits, 65535) : port ? std::optional<unsigned>(*port) : std::nullopt;
  if (!address || !number_) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*number_)};
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code error;
  const auto written = ip::make_address(std::string(text.substr(0, slash)), error);
  if (error || text.find('%') != text.npos || text.find('\0') != text.npos) return std::nullopt;
  const unsigned width = written.is_v4() ? 32 : 128;
  auto prefix = slash == text.npos ? width : number(text.substr(slash + 1), width);
  if (!prefix) return std::nullopt;
  const auto address = unmapped(written);
  if (address.is_v4() && written.is_v6()) {
    if (*prefix < 96) return std::nullopt;  // would hold all of v4 and much that has no meaning
    prefix = *prefix - 96;
  }
  if (address.is_v4()) {
    const ip::network_v4 network(address.to_v4(), static_cast<unsigned short>(*prefix));
    return Cidr{network.network(), *prefix};
  }
  const ip::network_v6 network(address.to_v6(), static_cast<unsigned short>(*prefix));
  return Cidr{network.network(), *prefix};
}

}  // namespace

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

Form<ip::address> address() {
  return {"an address such as 10.0.0.1 or fd00::1, without a port", parse_address};
}

Form<Endpoint> endpoint(std::optional<std::uint16_t> port) {
  return {port ? "an address such as 10.0.0.1, 127.0.0.1:53 or \"[::1]:53\""
               : "an address and a port such as 127.0.0.1:9253 or \"[::1]:9253\"",
          [port](std::string_view text) { return parse_endpoint(text, port); }};
}

Form<Cidr> cidr() {
  return {"a CIDR or an address such as 10.0.0.0/8, fd00::/8 or 10.0.0.1", parse_cidr};
}

Form<Forward::Upstream> upstream() {
  return {
      "an address such as 10.96.0.10 or \"[fd00::10]:5353\", or the path of a file in resolv.conf's form (with a "
      "slash in it)",
      [](std::string_view text) -> std::optional<Forward::Upstream> {
        if (const auto endpoint = parse_endpoint(text, std::uint16_t{53})) {
          if (endpoint->port == 0 || endpoint->address.is_unspecified()) return std::nullopt;
          return Forward::Server{*endpoint};
        }
        if (text.find('/') == text.npos || text.find('\0') != text.npos) return std::nullopt;
        return std::filesystem::path(text);
      }};
}

std::string Endpoint::to_text() const {
  const std::string host = address.to_string();
  return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Forward::Server::to_text() const {
  if (!tls) return endpoint.to_text();
  return "tls://" + endpoint.to_text() + (tls->empty() ? "" : "#" + *tls);
}

std::string Cidr::to_text() const {
  return address.to_string() + "/" + std::to_string(prefix);
}

bool Cidr::contains(const Cidr& other) const {
  if (address.is_v4() != other.address.is_v4() || other.prefix < prefix) return false;
  if (address.is_v4()) {
    return ip::network_v4(other.address.to_v4(), static_cast<unsigned short>(prefix)).network() == address.to_v4();
  }
  return ip::network_v6(other.address.to_v6(), static_cast<unsigned short>(prefix)).network() == address.to_v6();
}

}  // namespace meridian::config
