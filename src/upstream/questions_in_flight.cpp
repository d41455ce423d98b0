#include "upstream/questions_in_flight.hpp"

#include <utility>

namespace meridian::upstream {

void Inbox::tell(std::string_view key, EndingPtr ending) {
  const std::scoped_lock lock(mutex_);
  if (take_) take_(key, std::move(ending));
}

void Inbox::close() {
  const std::scoped_lock lock(mutex_);
  take_ = nullptr;
}

bool QuestionsInFlight::join(std::string_view key, std::uint64_t hash, const InboxPtr& inbox) {
  Shard& in = shard(hash);
  const std::scoped_lock lock(in.mutex);
  const auto [mark, first] = in.marks.try_emplace(key);
  if (!first) mark->second.push_back(inbox);
  return first;
}

std::vector<InboxPtr> QuestionsInFlight::settle(std::string_view key, std::uint64_t hash) {
  Shard& in = shard(hash);
  const std::scoped_lock lock(in.mutex);
  const auto mark = in.marks.find(key);
  if (mark == in.marks.end()) return {};
  auto waiting = std::move(mark->second);
  in.marks.erase(mark);
  return waiting;
}

}  // namespace meridian::upstream
