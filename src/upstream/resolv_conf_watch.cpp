#include "upstream/resolv_conf_watch.hpp"

#include <utility>

namespace meridian::upstream {

bool ResolvConfWatch::Identity::operator==(const Identity& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
}

bool ResolvConfWatch::look(Time now) {
  next_ = now + kInterval;
  const auto identity = identify();
  const bool other = !(identity == seen_);
  seen_ = identity;
  return std::exchange(again_, other) || other;
}

ResolvConfWatch::Identity ResolvConfWatch::identify() const {
  struct stat facts {};
  if (::stat(file_.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim};
}

}  // namespace meridian::upstream
