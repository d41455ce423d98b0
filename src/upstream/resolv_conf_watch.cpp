#include "upstream/resolv_conf_watch.hpp"

namespace meridian::upstream {

bool ResolvConfWatch::Identity::operator==(const Identity& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
}

bool ResolvConfWatch::changed(Time now) {
  if (!first_ && now - looked_ < kInterval) return false;
  looked_ = now;
  const auto identity = identify();
  if (!first_ && identity == seen_) return false;
  first_ = false;
  seen_ = identity;
  return true;
}

ResolvConfWatch::Identity ResolvConfWatch::identify() const {
  struct stat facts {};
  if (::stat(file_.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim};
}

}  // namespace meridian::upstream
