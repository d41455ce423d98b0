#include "kube/event_queue.hpp"

#include <algorithm>
#include <functional>

namespace meridian::kube {
namespace {

std::uint64_t key_of(const Event& event) {
  std::string all;  // none of them holds a zero
  for (const auto* part : {&event.entry.space, &event.entry.name, &event.entry.uid, &event.reason, &event.text}) {
    all.append(*part).push_back('\0');
  }
  return std::hash<std::string>{}(all);
}

}  // namespace

bool EventQueue::add(Event event, Time now) {
  while (!ages_.empty() && (now - ages_.front().first >= kOnce || ages_.size() > kMostRemembered)) {
    const auto [since, key] = ages_.front();
    ages_.pop_front();
    if (const auto old = known_.find(key); old != known_.end() && old->second.since == since) known_.erase(old);
  }
  const std::uint64_t key = key_of(event);
  if (const auto known = known_.find(key); known != known_.end()) {
    if (!known->second.waiting) return true;
    const auto same = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const Waiting& other) { return key_of(other.event) == key; });
    if (same != waiting_.end()) {
      ++same->event.count;
      same->event.last = event.last;
      return true;
    }
  }
  known_[key] = {.since = now};
  ages_.emplace_back(now, key);
  const bool room = waiting_.size() < kMostWaiting;
  if (!room) drop_oldest();
  waiting_.push_back({.event = std::move(event), .since = now});
  return room;
}

std::size_t EventQueue::expire(Time now) {
  std::size_t gone = 0;
  for (; !waiting_.empty() && now - waiting_.front().since > kNewsFor; ++gone) drop_oldest();
  return gone;
}

std::optional<EventQueue::Waiting> EventQueue::take() {
  if (waiting_.empty()) return std::nullopt;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  if (const auto known = known_.find(key_of(next.event)); known != known_.end()) known->second.waiting = false;
  return next;
}

void EventQueue::put_back(Waiting waiting) {
  if (const auto known = known_.find(key_of(waiting.event)); known != known_.end()) known->second.waiting = true;
  waiting_.push_front(std::move(waiting));
}

// Without having been told: it may come again.
void EventQueue::drop_oldest() {
  known_.erase(key_of(waiting_.front().event));
  waiting_.pop_front();
}

}  // namespace meridian::kube
