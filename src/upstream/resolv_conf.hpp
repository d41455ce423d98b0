#pragma once
// What a file in resolv.conf's form says to us (resolv.conf(5)): its nameservers, and three of its options. All other
// lines are for stub resolvers that complete names; a forwarder gets them complete.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::upstream {

struct ResolvConf {
  // In their order, duplicates once; port 53. All of them, where glibc stops at three. Scoped IPv6 addresses
  // (fe80::1%eth0) keep their scope.
  std::vector<config::Endpoint> servers;
  std::optional<std::chrono::seconds> timeout;  // of one attempt; 1 to 30 s, as in glibc
  std::optional<unsigned> attempts;             // for each server; 1 to 5, as in glibc
  bool rotate = false;                          // the servers take turns
  bool operator==(const ResolvConf&) const = default;
};

// Lines that mean nothing are ignored; of an option given twice the last counts.
ResolvConf parse_resolv_conf(std::string_view text);
// Of a file; nothing if it can't be read (it may come later: it is looked at again when it changes). Blocking, small.
ResolvConf read_resolv_conf(const std::filesystem::path& file);

}  // namespace meridian::upstream
