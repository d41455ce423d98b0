#include "kube/write_queue.hpp"

#include <algorithm>
#include <cassert>

namespace meridian::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Verdict::Kind;

struct Range {
  milliseconds first, longest;
};
// In the order of WriteQueue::Pace.
constexpr Range kPaces[] = {
    {milliseconds(500), minutes(2)},   // this write failed
    {seconds(5), minutes(10)},         // it was refused: somebody has to do something first
    {seconds(1), minutes(10)},         // somebody undoes it: a fight with another controller must not be a hot one
    {milliseconds(200), seconds(30)},  // the server is away, or has enough to do
    {seconds(5), minutes(10)},         // a namespace is closed to us
};
constexpr minutes kPeace{20};         // without a fight: the next one is a new one
constexpr std::size_t kMostTold = 8;  // texts to remember of one entry

}  // namespace

WriteQueue::Time WriteQueue::Pause::extend(Pace next, std::optional<seconds> asked, Time now) {
  if (!backoff || pace != next) {
    const Range& range = kPaces[static_cast<std::size_t>(next)];
    backoff.emplace(range.first, range.longest);
    pace = next;
  }
  return until = now + backoff->next(asked);
}

void WriteQueue::want(const ObjectRef& entry, const std::optional<std::string>& address,
                      const std::optional<std::string>& current, Time now) {
  assert(!entry.uid.empty() && "without the uid the server would create what is not there");
  const bool settled = address == current;
  const Key key{entry.space, entry.name};
  if (settled && !records_.contains(key)) return;
  Record& record = records_[key];
  const bool known = record.wanted && record.entry.uid == entry.uid;
  if (!known) {  // nothing that happened to another object of this name counts
    unschedule(record);
    record.pause = record.lost = {};
    record.told.clear();
  }
  const bool same = known && record.wish == address;
  record.entry = entry;
  record.wanted = true;
  record.wish = address;
  record.current = current;
  if (record.in_flight) {
    record.echoed = record.echoed || (known && current == record.sent);
  } else if (settled) {
    unschedule(record);
  } else if (!same) {
    record.pause = {};
    schedule(key, record, now);
  } else if (!record.due) {
    // It was so, and is not any more. A watch that lags behind our write looks alike, and has caught up by then.
    if (now - record.lost.until > kPeace) record.lost = {};
    schedule(key, record, record.lost.extend(Pace::Lost, {}, now));
  }  // else: it waits for its next try, and news of the entry do not hurry that
}

void WriteQueue::forget(const std::string& space, const std::string& name) {
  const auto found = records_.find({space, name});
  if (found == records_.end()) return;
  Record& record = found->second;
  unschedule(record);
  record.wanted = false;
  if (!record.in_flight) records_.erase(found);
}

std::optional<WriteQueue::Write> WriteQueue::take(Time now) {
  if (now < server_.until) return std::nullopt;
  while (!agenda_.empty() && std::get<Time>(*agenda_.begin()) <= now) {
    const Key key = std::get<Key>(*agenda_.begin());
    Record& record = records_.at(key);
    if (const auto closed = spaces_.find(key.first); closed != spaces_.end() && now < closed->second.pause.until) {
      schedule(key, record, closed->second.pause.until);
      continue;
    }
    unschedule(record);
    record.in_flight = true;
    record.echoed = false;
    record.sent = record.wish;
    ++in_flight_;
    return Write{record.entry, record.wish};
  }
  return std::nullopt;
}

bool WriteQueue::finish(const Write& write, const Verdict& verdict, Time now) {
  --in_flight_;
  hold(write, verdict, now);
  const auto found = records_.find({write.entry.space, write.entry.name});
  assert(found != records_.end() && found->second.in_flight && "what is in flight is not erased");
  Record& record = found->second;
  record.in_flight = false;
  const bool same_object = record.entry.uid == write.entry.uid;
  if (!record.wanted || (same_object && verdict.kind == Kind::Gone)) {
    records_.erase(found);
    return false;
  }
  bool told = false;
  if (same_object && verdict.kind == Kind::Done) {
    if (!record.echoed) record.current = write.address;
    record.pause = {};
    record.told.clear();
  } else if (same_object && verdict.refused()) {
    told = news(record, verdict);
  }
  if (record.wish == record.current) return told;
  // A wish that is newer than the request has not been tried.
  const bool tried = same_object && record.wish == write.address;
  schedule(found->first, record, tried ? again(record, verdict, now) : now);
  return told;
}

std::optional<WriteQueue::Time> WriteQueue::next_due() const {
  if (agenda_.empty()) return std::nullopt;
  return std::max(std::get<Time>(*agenda_.begin()), server_.until);
}

void WriteQueue::schedule(const Key& key, Record& record, Time due) {
  unschedule(record);
  record.due = Due{due, order_++, key};
  agenda_.insert(*record.due);
}

void WriteQueue::unschedule(Record& record) {
  if (record.due) agenda_.erase(*record.due);
  record.due.reset();
}

// What an answer says of more than its entry.
void WriteQueue::hold(const Write& write, const Verdict& verdict, Time now) {
  // Requests that were in flight together fail together: that is one failure.
  const auto once = [&](Pause& pause, Pace pace) {
    if (now >= pause.until) pause.extend(pace, verdict.retry_after, now);
  };
  if (verdict.of_server()) return once(server_, Pace::Server);
  server_ = {};
  if (verdict.kind == Kind::Forbidden) return once(spaces_[write.entry.space].pause, Pace::Space);
  if (verdict.kind != Kind::Failed && verdict.kind != Kind::NotServed) spaces_.erase(write.entry.space);
}

// When to try the same once more.
WriteQueue::Time WriteQueue::again(Record& record, const Verdict& verdict, Time now) {
  if (verdict.kind == Kind::Done) return record.lost.extend(Pace::Lost, {}, now);
  // The pause of the server, or of the namespace, is pause enough.
  if (verdict.of_server() || verdict.kind == Kind::Forbidden) return now;
  return record.pause.extend(verdict.refused() ? Pace::Refusal : Pace::Trouble, verdict.retry_after, now);
}

bool WriteQueue::news(Record& record, const Verdict& verdict) {
  if (record.told.size() >= kMostTold) record.told.clear();
  if (!record.told.insert(verdict.text).second) return false;
  // RBAC's words name the entry, but hold for all of the namespace. hold() has noted the namespace.
  return verdict.kind != Kind::Forbidden || !std::exchange(spaces_[record.entry.space].told, true);
}

}  // namespace meridian::kube
