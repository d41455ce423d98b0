// From a file to a Config: read the text, read the values, check that they agree.

#include <cstring>

#include "regular_file.hpp"
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
  try {
    return parse(read_regular_file(file, kLongestFile).text, name);
  } catch (const FileFault& fault) {
    switch (fault.kind) {
      case FileFault::Kind::NotRegular:
        return failed(name, {}, "is not a regular file; expected a configuration");
      case FileFault::Kind::TooLong:
        return too_long(name);
      case FileFault::Kind::System:
        break;
    }
    return failed(name, {}, "can't be read: " + std::string(std::strerror(fault.error)));
  }
}

}  // namespace meridian::config
