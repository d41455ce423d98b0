#include "cli/check.hpp"

#include <ostream>

#include <meridian/config/config.hpp>

namespace meridian::cli {

int check(const std::filesystem::path& file, std::ostream& out, std::ostream& err) {
  const auto loaded = config::load(file);
  const bool good = loaded.errors.empty();
  for (const auto& error : loaded.errors) err << error.to_text() << '\n';
  for (auto warning : loaded.warnings) {
    warning.text.insert(0, "warning: ");
    (good ? out : err) << warning.to_text() << '\n';
  }
  if (!good) return 1;
  out << file.string() << ": ok\n";
  return 0;
}

}  // namespace meridian::cli
