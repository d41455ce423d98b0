#include "source/settling.hpp"

#include <algorithm>

namespace meridian::source {

void Settling::note(const std::string& file, WatchSignal::What what, Time now) {
  if (now < filling_until_) hold_until_ = std::max(hold_until_, std::min(now + kQuiet, filling_until_));
  switch (what) {
    case WatchSignal::What::Written:
      ready_.erase(file);
      writing_[file] = now + kQuiet;
      return;
    case WatchSignal::What::Touched:
      return request(file);
    case WatchSignal::What::Vanished:
      if (hold_until_ <= now) hold_until_ = now + kVanished;  // not longer for each of many
      break;
    case WatchSignal::What::Settled:
      break;
  }
  writing_.erase(file);
  ready_.insert(file);
}

void Settling::directory_created(Time now) {
  filling_until_ = now + kFilling;
  hold_until_ = std::max(hold_until_, now + kQuiet);
}

void Settling::request(const std::string& file) {
  if (!writing_.contains(file)) ready_.insert(file);
}

void Settling::expect(const std::string& file, Time now) {
  if (!ready_.contains(file)) writing_.try_emplace(file, now + kQuiet);
}

void Settling::clear() {
  ready_.clear();
  writing_.clear();
  hold_until_ = filling_until_ = {};
}

std::optional<std::string> Settling::next_ready(Time now) {
  for (auto it = writing_.begin(); it != writing_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    ready_.insert(it->first);
    it = writing_.erase(it);
  }
  if (ready_.empty() || now < hold_until_) return std::nullopt;
  return ready_.extract(ready_.begin()).value();
}

std::optional<Settling::Time> Settling::wake() const {
  std::optional<Time> earliest;
  if (!ready_.empty()) earliest = hold_until_;
  for (const auto& [file, due] : writing_) earliest = earliest ? std::min(*earliest, due) : due;
  // A file that settles during a hold waits for its end.
  return earliest ? std::optional(std::max(*earliest, hold_until_)) : std::nullopt;
}

}  // namespace meridian::source
