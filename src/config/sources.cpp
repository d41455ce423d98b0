// Where ServiceEntries come from, and what is kept of them.

#include <array>
#include <set>

#include "sections.hpp"

namespace meridian::config {
namespace {

Form<std::string> source_name() {
  return {"a name of letters, digits, '.', '-' and '_', at most 63",
          [](std::string_view text) -> std::optional<std::string> {
            static constexpr std::string_view kAllowed =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
            if (text.empty() || text.size() > 63 || text.find_first_not_of(kAllowed) != text.npos) return std::nullopt;
            return std::string(text);
          }};
}

Source read_source(const Value& value) {
  Source source;
  Section keys(value);
  keys.read("name", source.name, source_name());
  const auto files = keys.take("files");
  const auto kubernetes = keys.take("kubernetes");
  if (files && kubernetes) {
    value.error("is both files and kubernetes; expected one of them (make it two elements of the list)");
  } else if (!files && !kubernetes && keys.readable()) {
    value.error(
        "is neither files nor kubernetes; expected files: and the path of a directory or a file, or kubernetes: {}");
  }
  if (files) {
    if (const auto parsed = files->as(path("the path of a directory or a file"))) source.files = *parsed;
  }
  if (kubernetes) source.kubernetes = read_kubernetes(*kubernetes);
  keys.finish();
  return source;
}

}  // namespace

void read_sources(Section& top, Config& config) {
  if (const auto sources = top.take("sources")) {
    if (const auto elements = sources->elements()) {
      config.sources.clear();
      sources->accept();
      for (const auto& element : *elements) config.sources.push_back(read_source(element));
    }
  }
  top.read("mass-delete-guard", config.mass_delete_guard, percent());
  if (const auto stale = top.take("stale")) {
    Section keys(*stale);
    keys.read("ready", config.stale.ready, boolean());
    keys.read("max-age", config.stale.max_age, whole_seconds(seconds(0), kLongest));
    keys.finish();
  }
  top.read("state", config.state, path("the path of a directory"));
}

void check_sources(Config& config, Report& report) {
  if (config.sources.empty() && report.sound("sources")) {
    report.error("sources", report.blame({"sources"}), "sources: is empty; expected at least one, such as files: PATH");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    const auto& name = config.sources[i].name;
    if (name.empty() || names.insert(name).second) continue;
    const std::string path = "sources[" + std::to_string(i) + "].name";
    report.error(path, report.blame({path}),
                 path + ": another source is named " + name + " too; expected a name of its own");
  }
  // "files", "files-2", ..., "kubernetes", ...: the number counts the sources of a kind that have no name, and passes
  // over names that are taken.
  std::array<std::size_t, 2> numbers{};
  for (auto& source : config.sources) {
    const std::string kind = source.kubernetes ? "kubernetes" : "files";
    auto& number = numbers[source.kubernetes ? 1 : 0];
    while (source.name.empty()) {
      ++number;
      auto name = number == 1 ? kind : kind + "-" + std::to_string(number);
      if (names.insert(name).second) source.name = std::move(name);
    }
  }
}

}  // namespace meridian::config
