// Forms of addresses, ports and networks, both ways.

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/error_code.hpp>
#include <charconv>

#include <meridian/config/config.hpp>
#include "form.hpp"
#include "kubernetes_name.hpp"

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

// A server that a question can be sent to.
std::optional<Endpoint> parse_server(std::string_view text, std::uint16_t port) {
  auto endpoint = parse_endpoint(text, port);
  if (endpoint && (endpoint->port == 0 || endpoint->address.is_unspecified())) endpoint.reset();
  return endpoint;
}

constexpr std::string_view kTls = "tls://";
constexpr std::uint16_t kTlsPort = 853;  // RFC 7858, 3.1
constexpr std::size_t kLongestHostName = 253;

// As certificates have it (RFC 9525): letters, digits and hyphens; and no address, which has no name to show.
std::optional<std::string> parse_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongestHostName) return std::nullopt;
  std::string name;
  for (const char c : text) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  bool numeric = false;  // the last label
  for (std::size_t at = 0; at <= name.size();) {
    const auto label = std::string_view(name).substr(at, name.find('.', at) - at);
    if (!is_rfc1123_label(label)) return std::nullopt;
    numeric = label.find_first_not_of("0123456789") == label.npos;
    at += label.size() + 1;
  }
  if (numeric) return std::nullopt;
  return name;
}

// What stands behind tls://.
std::optional<Forward::Server> parse_tls_server(std::string_view text) {
  const auto hash = text.find('#');
  const auto endpoint = parse_server(text.substr(0, hash), kTlsPort);
  if (!endpoint) return std::nullopt;
  if (hash == text.npos) return Forward::Server{*endpoint, ""};
  auto name = parse_host_name(text.substr(hash + 1));
  if (!name) return std::nullopt;
  return Forward::Server{*endpoint, std::move(name)};
}

std::string expected_of_tls(std::string_view text) {
  const auto hash = text.find('#');
  if (parse_server(text.substr(0, hash), kTlsPort)) {
    return "behind # the host name in the server's certificate, such as tls://9.9.9.9#dns.quad9.net, or no # where the "
           "certificate holds the address";
  }
  const std::string example = " such as tls://9.9.9.9#dns.quad9.net or \"tls://[2620:fe::fe]:853#dns.quad9.net\"";
  const auto host = text.substr(0, std::min(hash, text.find(':')));
  return parse_host_name(host) ? "an address behind tls://, because names are not looked up," + example
                               : "an address behind tls://," + example;
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
  const std::string any =
      "an address such as 10.96.0.10 or \"[fd00::10]:5353\", tls:// and an address such as "
      "tls://9.9.9.9#dns.quad9.net, or the path of a file in resolv.conf's form (with a slash in it)";
  return {any,
          [](std::string_view text) -> std::optional<Forward::Upstream> {
            if (text.starts_with(kTls)) return parse_tls_server(text.substr(kTls.size()));
            if (const auto endpoint = parse_server(text, 53)) return Forward::Server{*endpoint};
            if (text.find('/') == text.npos || text.find("://") != text.npos || text.find('\0') != text.npos)
              return std::nullopt;
            return std::filesystem::path(text);
          },
          false,
          [any](std::string_view text) {
            return text.starts_with(kTls) ? expected_of_tls(text.substr(kTls.size())) : any;
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
