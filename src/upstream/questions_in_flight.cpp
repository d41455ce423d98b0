#include "upstream/questions_in_flight.hpp"

#include <utility>

namespace meridian::upstream {

void Inbox::tell(const QuestionKey& key, EndingPtr ending) {
  const std::scoped_lock lock(mutex_);
  if (take_) take_(key, std::move(ending));
}

void Inbox::close() {
  const std::scoped_lock lock(mutex_);
  take_ = nullptr;
}

bool QuestionsInFlight::join(const QuestionKey& key, const InboxPtr& inbox) {
  Shard& in = shard(key);
  const std::scoped_lock lock(in.mutex);
  const auto [mark, first] = in.marks.try_emplace(key);
  if (!first) mark->second.push_back(inbox);
  return first;
}

std::vector<InboxPtr> QuestionsInFlight::settle(const QuestionKey& key) {
  Shard& in = shard(key);
  const std::scoped_lock lock(in.mutex);
  const auto mark = in.marks.find(key);
  if (mark == in.marks.end()) return {};
  auto waiting = std::move(mark->second);
  in.marks.erase(mark);
  return waiting;
}

}  // namespace meridian::upstream
