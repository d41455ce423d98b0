#include "source/survey.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <system_error>

#include "source/file_names.hpp"

#include <spdlog/fmt/fmt.h>

namespace meridian::source {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel has it

struct Step {
  fs::path directory;  // real
  std::string name;
};

// Every name that has to be looked up on the way to `path`, in order, up to the first that is not there.
std::vector<Step> steps_to(const fs::path& path) {
  std::vector<Step> steps;
  fs::path at = "/";
  std::deque<fs::path> ahead;
  const auto absolute = fs::absolute(path);
  ahead.assign(absolute.begin(), absolute.end());
  for (int links = 0; !ahead.empty();) {
    const auto name = ahead.front();
    ahead.pop_front();
    if (name.empty() || name == "." || name == "/") continue;
    if (name == "..") {
      at = at.parent_path();  // `at` has no links in it
      continue;
    }
    steps.push_back({at, name});
    std::error_code error;
    const auto status = fs::symlink_status(at / name, error);
    if (fs::is_symlink(status)) {
      const auto target = fs::read_symlink(at / name, error);
      if (error || ++links > kMaxLinks) break;
      if (target.is_absolute()) at = "/";
      ahead.insert(ahead.begin(), target.begin(), target.end());
    } else if (fs::is_directory(status)) {
      at /= name;
    } else {
      break;
    }
  }
  return steps;
}

// A file of the source that is a link: the steps behind the link itself, of which the last has the content.
void follow_link(const fs::path& link, WatchPlan& plan) {
  const auto steps = steps_to(link);
  for (const auto& step : steps) plan[step.directory].ways.insert(step.name);
  if (steps.empty()) return;
  auto& last = plan[steps.back().directory];
  last.ways.erase(steps.back().name);
  last.targets[steps.back().name].insert(link.filename());
}

std::string why_missing(const fs::path& path, int error) {
  switch (error) {
    case ENOENT:
      return fmt::format("{} does not exist: create it, or correct sources: files", path.string());
    case EACCES:
    case EPERM:
      return fmt::format("{}: permission denied: make it readable for the user of this process", path.string());
    case ELOOP:
      return fmt::format("{} is a symbolic link that leads back to itself", path.string());
    default:
      return fmt::format("{} can't be read: {}", path.string(), std::strerror(error));
  }
}

// False: errno says why.
bool list(Survey& found) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(found.directory.c_str()), ::closedir);
  if (!open) return false;
  errno = 0;
  while (const auto* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (!is_entries_file(name)) continue;
    found.names.insert(name);
    std::error_code error;
    const bool is_link =
        entry->d_type == DT_LNK || (entry->d_type == DT_UNKNOWN && fs::is_symlink(found.directory / name, error));
    if (is_link) follow_link(found.directory / name, found.plan);
    errno = 0;
  }
  return errno == 0;
}

}  // namespace

Survey survey(const fs::path& path) {
  Survey found;
  const auto steps = steps_to(path);
  for (const auto& step : steps) found.plan[step.directory].ways.insert(step.name);

  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    found.trouble = why_missing(path, errno);
    return found;
  }
  if (S_ISDIR(status.st_mode)) {
    found.kind = Survey::Kind::Directory;
    found.directory = path;
    std::error_code error;
    found.plan[fs::canonical(path, error)].listed = true;
    if (!list(found)) {
      found.kind = Survey::Kind::Missing;
      found.trouble = why_missing(path, errno);
      found.names.clear();
    }
    return found;
  }
  found.kind = Survey::Kind::File;
  found.directory = path.parent_path();
  found.names.insert(path.filename());
  auto& last = found.plan[steps.back().directory];
  last.ways.erase(steps.back().name);
  last.targets[steps.back().name].insert(path.filename());
  return found;
}

}  // namespace meridian::source
