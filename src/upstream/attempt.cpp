#include "upstream/attempt.hpp"

#include <utility>

namespace meridian::upstream {

std::shared_ptr<Attempt> Attempt::start(Upstream& upstream, const Question& question, Form form,
                                        std::weak_ptr<Asker> asker, Entropy& entropy, stats::WorkerCounters& counters) {
  const std::shared_ptr<Attempt> attempt(new Attempt(upstream, form, std::move(asker), counters));
  auto query = compose_query(question, form.edns);
  const auto asked = question_of(query, question);
  if (form.random_case) randomize_case(asked, entropy);
  attempt->asked_.assign(asked.begin(), asked.end());
  if (form.transport == Transport::Tcp) counters.upstream_tcp.add();
  attempt->id_ = upstream.send(query, form.transport, attempt);
  return attempt;
}

void Attempt::give_up() {
  if (std::exchange(lost_, true)) return;
  counters_.upstream_timeouts.add();
  upstream_.failed(sent_, Health::Clock::now());
}

bool Attempt::believes(std::span<const std::uint8_t> octets) {
  const bool believed = check(octets).has_value();
  if (!believed) counters_.upstream_rejected.add();
  return believed;
}

void Attempt::replied(std::vector<std::uint8_t> octets) {
  const auto reply = check(octets);  // again: what c-ares hands out is a copy, and where things are is told by offsets
  if (!reply) return failed(Failure::Rejected);
  lost_ = true;                             // no longer to be given up
  if (form_.transport != Transport::Tcp) {  // whose round trip would include the handshake each time
    const auto now = Health::Clock::now();
    upstream_.replied(sent_, now);
    if (reply->rcode == dns::Rcode::Refused) upstream_.refused(now);
  }
  // Nothing of ours is touched after this: the asker may have been the last to hold the server.
  if (const auto asker = asker_.lock()) asker->replied(*this, std::move(octets), *reply);
}

void Attempt::failed(Failure failure) {
  switch (failure) {
    case Failure::TimedOut:
      give_up();
      break;
    case Failure::Unreachable:
      if (!std::exchange(lost_, true)) upstream_.failed(sent_, Health::Clock::now());
      break;
    case Failure::Rejected:
    case Failure::Busy:
      lost_ = true;
      break;  // says nothing about the server's health
  }
  if (const auto asker = asker_.lock()) asker->failed(*this, failure);
}

std::optional<dns::Reply> Attempt::check(std::span<const std::uint8_t> octets) const {
  return dns::check_reply(octets, id_, asked_, form_.random_case ? dns::CaseCheck::Exact : dns::CaseCheck::Ignore);
}

}  // namespace meridian::upstream
