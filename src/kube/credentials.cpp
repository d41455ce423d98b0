#include "kube/credentials.hpp"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <stdexcept>

namespace meridian::kube {
namespace {

std::string authority_of(const std::string& host, std::uint16_t port) {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

[[noreturn]] void refuse(const std::string& why) {
  throw std::invalid_argument(why);
}

// HOST, HOST:PORT, [V6], [V6]:PORT.
std::pair<std::string, std::uint16_t> parse_authority(std::string_view text, std::uint16_t port) {
  std::string_view host = text, digits;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) refuse("the bracket of an IPv6 address is not closed");
    host = text.substr(1, end - 1);
    digits = text.substr(end + 1);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(std::string(host), error);
    if (error) refuse("an IPv6 address is expected between the brackets");
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    digits = text.substr(colon);
  }
  if (host.empty()) refuse("there is no host in it");
  for (const char c : host) {
    if (c <= ' ' || c == 0x7f || c == '@' || c == '%') refuse("its host has a character that no host has");
  }
  if (digits.empty()) return {std::string(host), port};
  digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    refuse("its port is not a number from 1 to 65535");
  }
  return {std::string(host), port};
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned octet = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, octet, 16).ptr == text.data() + i + 3) {
      decoded += static_cast<char>(octet);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::string ServerUrl::authority() const {
  return authority_of(host, port);
}

std::string ServerUrl::to_text() const {
  return "https://" + authority() + path;
}

std::string Proxy::authority() const {
  return authority_of(host, port);
}

ServerUrl parse_server_url(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (text.starts_with("http://"))
    refuse("plain http is refused, because everybody could read the token: use https://");
  if (!text.starts_with(kScheme)) refuse("https://HOST:PORT is expected");
  text.remove_prefix(kScheme.size());
  if (text.find_first_of("?#") != std::string_view::npos) refuse("a query or fragment has no meaning in it");
  const auto slash = text.find('/');
  ServerUrl url;
  std::tie(url.host, url.port) = parse_authority(text.substr(0, slash), 443);
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  for (const char c : url.path) {
    if (c <= ' ' || c == 0x7f) refuse("its path has a space or a control character");
  }
  return url;
}

Proxy parse_proxy_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) {
    refuse("only proxies that are asked by http:// with CONNECT are supported; https:// and socks5:// are not");
  }
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos) refuse("a path has no meaning in it");
  Proxy proxy;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    proxy.user_password = percent_decode(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  std::tie(proxy.host, proxy.port) = parse_authority(text, 80);
  return proxy;
}

}  // namespace meridian::kube
