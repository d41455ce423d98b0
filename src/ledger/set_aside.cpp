#include "ledger/set_aside.hpp"

#include <array>
#include <ctime>

namespace meridian::ledger {
namespace {

namespace fs = std::filesystem;

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

bool is_there(const fs::path& path) {
  return fs::symlink_status(path).type() != fs::file_type::not_found;
}

fs::path with(const fs::path& path, const std::string& more) {
  return path.string() + more;
}

}  // namespace

fs::path set_aside(const fs::path& file, const std::string& word) {
  const auto ending = "." + word + "-" + utc_now();
  auto unique = ending;
  for (int i = 2; is_there(with(file, unique)) || is_there(with(file, "-wal" + unique)); ++i) {
    unique = ending + "-" + std::to_string(i);
  }
  // The database last: if we are killed in between, it is still there and still damaged, and the next start goes on.
  for (const auto* part : {"-wal", "-shm", "-journal", ""}) {
    if (is_there(with(file, part))) fs::rename(with(file, part), with(file, part + unique));
  }
  return with(file, unique);
}

}  // namespace meridian::ledger
