// From a file to a Config: read the text, read the values, check that they agree.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sections.hpp"

namespace meridian::config {
namespace {

// A tree takes up to a hundred times the text; no configuration needs more.
constexpr std::size_t kLongestFile = 1u << 20;

Loaded failed(std::string_view name, Place place, std::string text) {
  Loaded out;
  out.errors.push_back({std::string(name), place.line, place.column, std::move(text)});
  return out;
}

Loaded too_long(std::string_view name) {
  return failed(name, {}, "is larger than 1MiB; expected a configuration");
}

class Descriptor {
 public:
  // Not waiting, so that a FIFO in the place of the file can't hang the program.
  explicit Descriptor(const std::filesystem::path& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void read_config(const Node& root, Config& config, Report& report) {
  Section top(Value(root, "", report));
  read_listening(top, config);
  read_zones(top, config);
  read_sources(top, config);
  read_vip(top, config.vip);
  read_forward(top, config.forward);
  read_service(top, config);
  top.refuse_key("claims", "comes with a later version; remove the key");
  top.finish();
  check_listening(config, report);
  check_zones(config, report);
  check_sources(config, report);
  check_vip(config, report);
  check_ledger(config, report);
  check_forward(config, report);
}

}  // namespace

Loaded parse(std::string_view yaml, std::string_view name) {
  if (yaml.size() > kLongestFile) return too_long(name);
  try {
    const auto document = read_document(yaml);
    // Without aliases no value is looked at twice; the rest is for those who use them.
    Report report(name, document.nodes + 10'000);
    Loaded out;
    read_config(document.root, out.config, report);
    out.errors = report.take_errors();
    out.warnings = report.take_warnings();
    return out;
  } catch (const SyntaxError& e) {
    return failed(name, e.place, e.what());
  }
}

Loaded load(const std::filesystem::path& file) {
  const auto name = file.string();
  const auto unreadable = [&] { return failed(name, {}, "can't be read: " + std::string(std::strerror(errno))); };
  const Descriptor descriptor(file);
  struct stat status {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) < 0) return unreadable();
  if (!S_ISREG(status.st_mode)) return failed(name, {}, "is not a regular file; expected a configuration");
  std::string text(kLongestFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto n = ::read(descriptor.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable();
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return parse(text, name);
}

}  // namespace meridian::config
