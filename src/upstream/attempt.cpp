#include "upstream/attempt.hpp"

#include <utility>

namespace meridian::upstream {

std::shared_ptr<Attempt> Attempt::start(Upstream& upstream, const Question& question, Form form,
                                        std::weak_ptr<Asker> asker, Entropy& entropy, stats::WorkerCounters& counters,
                                        Health::Time now) {
  const auto attempt = std::make_shared<Attempt>(Key{}, upstream, form, std::move(asker), counters, now);
  attempt->query_ = compose_query(question, form.edns);
  attempt->question_size_ = question.octets.size();
  if (form.random_case) randomize_case(question_of(attempt->query_, question), entropy);
  if (form.transport == Transport::Tcp) counters.upstream_tcp.add();
  attempt->id_ = upstream.send(attempt->query_, form.transport, attempt);
  return attempt;
}

void Attempt::give_up(Health::Time now) {
  if (std::exchange(lost_, true)) return;
  counters_.upstream_timeouts.add();
  count_against(now);
}

// Not what is asked over TCP after UDP: the server answers, and a connection that it ends says nothing of that.
void Attempt::count_against(Health::Time now) {
  if (form_.transport != Transport::Tcp) upstream_.failed(sent_, now);
}

bool Attempt::believes(std::span<const std::uint8_t> octets) {
  const auto asked = std::span(query_).subspan(dns::kHeaderSize, question_size_);
  believed_ = dns::check_reply(octets, id_, asked, form_.random_case ? dns::CaseCheck::Exact : dns::CaseCheck::Ignore);
  if (!believed_) counters_.upstream_rejected.add();
  return believed_.has_value();
}

void Attempt::replied(std::vector<std::uint8_t> octets) {
  auto& reply = *believed_;
  reply.octets = std::span(octets).first(reply.octets.size());  // the same ones, in a place of their own
  lost_ = true;                                                 // no longer to be given up
  const auto now = Health::Clock::now();
  if (form_.transport != Transport::Tcp) {  // whose round trip would include the handshake each time
    upstream_.replied(sent_, now);
    if (reply.rcode == dns::Rcode::Refused) upstream_.refused(now);
  }
  // Nothing of ours is touched after this: the asker may have been the last to hold the server.
  if (const auto asker = asker_.lock()) asker->replied(*this, std::move(octets), reply, now);
}

void Attempt::failed(Failure failure) {
  const auto now = Health::Clock::now();
  switch (failure) {
    case Failure::TimedOut:
      give_up(now);
      break;
    case Failure::Unreachable:
      if (!std::exchange(lost_, true)) count_against(now);
      break;
    case Failure::Rejected:
    case Failure::Busy:
      lost_ = true;
      break;  // says nothing about the server's health
  }
  if (const auto asker = asker_.lock()) asker->failed(*this, failure, now);
}

}  // namespace meridian::upstream
