#pragma once
// nameserver lines of a file in resolv.conf's form (resolv.conf(5)).

#include <filesystem>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::upstream {

// The nameservers in their order, duplicates once; port 53. Lines that are none are ignored. Scoped IPv6 addresses
// (fe80::1%eth0) keep their scope.
std::vector<config::Endpoint> parse_resolv_conf(std::string_view text);
// Of a file; nothing if it can't be read (it may come later: it is looked at again when it changes). Blocking, small.
std::vector<config::Endpoint> read_resolv_conf(const std::filesystem::path& file);

}  // namespace meridian::upstream
