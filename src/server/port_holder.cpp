#include "server/port_holder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace meridian::server {

namespace {

namespace fs = std::filesystem;

// Inodes of the sockets on a port, whatever their address: proc(5), /proc/net/udp. A TCP socket counts if it listens.
std::vector<std::string> inodes_on(std::uint16_t port, const char* table, bool tcp) {
  std::vector<std::string> found;
  std::ifstream in(fs::path("/proc/net") / table);
  std::string line;
  std::getline(in, line);  // the heading
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (colon == std::string::npos || inode.empty() || inode == "0") continue;
    const bool listening = !tcp || state == "0A";
    if (listening && std::stoul(local.substr(colon + 1), nullptr, 16) == port)
      found.push_back("socket:[" + inode + "]");
  }
  return found;
}

bool holds(const fs::path& process, const std::vector<std::string>& links) {
  std::error_code error;  // processes come and go, and most are not ours to look into
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    const auto target = fs::read_symlink(fd->path(), error).string();
    if (std::find(links.begin(), links.end(), target) != links.end()) return true;
    error.clear();
  }
  return false;
}

}  // namespace

std::string port_holder(const config::Endpoint& endpoint, bool tcp) {
  auto links = inodes_on(endpoint.port, tcp ? "tcp" : "udp", tcp);
  for (auto& link : inodes_on(endpoint.port, tcp ? "tcp6" : "udp6", tcp)) links.push_back(std::move(link));

  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    const auto pid = process->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds(process->path(), links)) continue;
    std::ifstream in(process->path() / "comm");
    std::string name;
    std::getline(in, name);
    return name + " (pid " + pid + ")";
  }
  return "another process";
}

}  // namespace meridian::server
