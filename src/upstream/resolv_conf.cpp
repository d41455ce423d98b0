#include "upstream/resolv_conf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <string>

namespace meridian::upstream {

namespace {

constexpr std::string_view kBlank = " \t\r\f\v";
constexpr std::size_t kLargestFile = 64 * 1024;  // a resolv.conf has a few lines; whatever is larger is something else
constexpr unsigned kLongestTimeout = 30;         // RES_MAXRETRANS
constexpr unsigned kMostAttempts = 5;            // RES_MAXRETRY

// Cuts the first word off `line`.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

// The number behind `name` and a colon, no more than `most`: glibc cuts larger ones, and so do we. Zero would be a
// server that is never asked.
std::optional<unsigned> number(std::string_view option, std::string_view name, unsigned most) {
  if (!option.starts_with(name) || !option.substr(name.size()).starts_with(':')) return std::nullopt;
  option.remove_prefix(name.size() + 1);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(option.data(), option.data() + option.size(), value);
  if (end != option.data() + option.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return most;
  return std::clamp(value, 1u, most);
}

void read_options(std::string_view line, ResolvConf& conf) {
  for (auto option = take_word(line); !option.empty(); option = take_word(line)) {
    if (const auto timeout = number(option, "timeout", kLongestTimeout)) conf.timeout = std::chrono::seconds(*timeout);
    if (const auto attempts = number(option, "attempts", kMostAttempts)) conf.attempts = attempts;
    if (option == "rotate") conf.rotate = true;
  }
}

void read_nameserver(std::string_view line, ResolvConf& conf) {
  boost::system::error_code error;
  const config::Endpoint server{boost::asio::ip::make_address(std::string(take_word(line)), error)};
  if (error || std::find(conf.servers.begin(), conf.servers.end(), server) != conf.servers.end()) return;
  conf.servers.push_back(server);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // "The keyword and value must appear on a single line, and the keyword must start the line": resolv.conf(5). So a
    // comment, which starts with # or ;, is just another keyword that we don't know.
    if (line.empty() || kBlank.find(line.front()) != kBlank.npos) continue;
    const auto keyword = take_word(line);
    if (keyword == "nameserver") read_nameserver(line, conf);
    if (keyword == "options") read_options(line, conf);
  }
  return conf;
}

ResolvConf read_resolv_conf(const std::filesystem::path& file) {
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
