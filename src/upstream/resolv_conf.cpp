#include "upstream/resolv_conf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <string>

namespace meridian::upstream {

namespace {

constexpr std::string_view kBlank = " \t\r\f\v";
constexpr std::size_t kLargestFile = 64 * 1024;  // a resolv.conf has a few lines; whatever is larger is something else

// Cuts the first word off `line`.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<config::Endpoint> parse_resolv_conf(std::string_view text) {
  std::vector<config::Endpoint> servers;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // "The keyword and value must appear on a single line, and the keyword must start the line": resolv.conf(5).
    if (line.empty() || kBlank.find(line.front()) != kBlank.npos) continue;
    if (take_word(line) != "nameserver") continue;
    boost::system::error_code error;
    const config::Endpoint server{boost::asio::ip::make_address(std::string(take_word(line)), error)};
    if (error || std::find(servers.begin(), servers.end(), server) != servers.end()) continue;
    servers.push_back(server);
  }
  return servers;
}

std::vector<config::Endpoint> read_resolv_conf(const std::filesystem::path& file) {
  // O_NONBLOCK: a FIFO in this place must not stop a worker; only a regular file is read, and not more than it may
  // hold.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {};
  std::string text;
  struct stat facts {};
  if (::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode)) {
    std::array<char, 4096> block;
    for (ssize_t got; text.size() < kLargestFile && (got = ::read(descriptor, block.data(), block.size())) > 0;)
      text.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return parse_resolv_conf(text);
}

}  // namespace meridian::upstream
