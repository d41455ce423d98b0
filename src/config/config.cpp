#include <meridian/config/config.hpp>

namespace meridian::config {
namespace {

namespace ip = boost::asio::ip;

Cidr network(const char* address, unsigned prefix) {
  return {ip::make_address(address), prefix};
}

}  // namespace

Config::Config()
    : listen{{ip::make_address("127.0.0.1"), 53}, {ip::make_address("::1"), 53}},
      zones{Zone{.name = "global"}},
      sources{Source{.name = "files", .files = "/etc/meridian/entries", .kubernetes = {}}} {
  vip.pools = {network("245.0.0.0", 8)};
  forward.upstreams = {std::filesystem::path("/etc/resolv.conf")};
  access.recursion = {network("127.0.0.0", 8),   network("::1", 128),        network("10.0.0.0", 8),
                      network("172.16.0.0", 12), network("192.168.0.0", 16), network("100.64.0.0", 10),
                      network("fc00::", 7),      network("fe80::", 10)};
  access.queries = {network("0.0.0.0", 0), network("::", 0)};
  access.introspect = {network("127.0.0.0", 8), network("::1", 128)};
  admin.listen = "127.0.0.1:9253";
}

std::string Problem::to_text() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

}  // namespace meridian::config
