#include "upstream/ares_setup.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace meridian::upstream {

namespace {

constexpr int kLargestQuery = 4096;  // over UDP: c-ares takes what is longer to TCP

void check(int status) {
  if (status != ARES_SUCCESS) throw std::runtime_error(std::string("c-ares: ") + ::ares_strerror(status));
}

// ares_library_init and its counterpart, once a process.
void require_library() {
  struct Library {
    Library() : status(::ares_library_init(ARES_LIB_INIT_ALL)) {}
    ~Library() { ::ares_library_cleanup(); }
    int status;
  };
  static const Library library;
  check(library.status);
}

ares_addr_port_node node_of(const config::Endpoint& server) {
  ares_addr_port_node node{};
  node.udp_port = node.tcp_port = server.port;
  if (server.address.is_v4()) {
    node.family = AF_INET;
    const auto octets = server.address.to_v4().to_bytes();
    std::copy(octets.begin(), octets.end(), reinterpret_cast<std::uint8_t*>(&node.addr.addr4));
  } else {
    node.family = AF_INET6;
    const auto octets = server.address.to_v6().to_bytes();
    std::copy(octets.begin(), octets.end(), reinterpret_cast<std::uint8_t*>(&node.addr.addr6));
  }
  return node;
}

}  // namespace

ares_channel open_ares(const AresSetup& setup) {
  require_library();
  ares_options options{};
  // NOCHECKRESP: SERVFAIL and such are replies, too. STAYOPEN: what is idle stays open, its owner sees to its end.
  options.flags = ARES_FLAG_IGNTC | ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN |
                  (setup.transport == Transport::Tcp ? ARES_FLAG_USEVC : ARES_FLAG_EDNS);
  options.timeout = static_cast<int>(setup.patience.count());
  options.tries = 1;
  options.ndots = 1;
  options.ednspsz = kLargestQuery;
  options.resolvconf_path = const_cast<char*>("/dev/null");  // 1.34 takes `options use-vc` from it, whatever is given
  options.lookups = const_cast<char*>("b");                  // c-ares copies both
  options.sock_state_cb = setup.on_interest;
  options.sock_state_cb_data = setup.self;
  int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_EDNSPSZ |
              ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_RESOLVCONF | ARES_OPT_LOOKUPS |
              ARES_OPT_NOROTATE | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE  // 1.34 keeps answers, and waits 5 s at most, if it is not told otherwise
  options.maxtimeout = options.timeout;
  given |= ARES_OPT_QUERY_CACHE | ARES_OPT_MAXTIMEOUTMS;
#endif
  ares_channel channel = nullptr;
  check(::ares_init_options(&channel, &options, given));
  ::ares_set_socket_functions(channel, setup.calls, setup.self);
  auto node = node_of(setup.server);
  const int status = ::ares_set_servers_ports(channel, &node);
  if (status != ARES_SUCCESS) ::ares_destroy(channel);
  check(status);
  return channel;
}

}  // namespace meridian::upstream
