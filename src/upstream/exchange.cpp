#include "upstream/exchange.hpp"

#include <algorithm>
#include <utility>

namespace meridian::upstream {

namespace {

// The server tells us something about the name, not about itself.
bool answers(dns::Rcode rcode) {
  switch (rcode) {
    case dns::Rcode::FormErr:
    case dns::Rcode::ServFail:
    case dns::Rcode::NotImp:
    case dns::Rcode::Refused:
    case dns::Rcode::NotAuth:
    case dns::Rcode::BadVers:
      return false;
    default:
      return true;
  }
}

// What servers say that know no EDNS (RFC 6891, 7), or no version 0 of it.
bool may_dislike_edns(dns::Rcode rcode) {
  return rcode == dns::Rcode::FormErr || rcode == dns::Rcode::NotImp || rcode == dns::Rcode::BadVers;
}

}  // namespace

Exchange::Exchange(const Means& means, const Limits& limits, Question question, UpstreamGroup::Choice choice,
                   Ended ended)
    : means_(means),
      limits_(limits),
      question_(std::move(question)),
      probe_(std::move(choice.probe)),
      ended_(std::move(ended)),
      timer_(means.loop) {
  for (auto& upstream : choice.order) candidates_.push_back({std::move(upstream)});
}

void Exchange::start() {
  deadline_ = Health::Clock::now() + limits_.budget;
  for (auto& candidate : candidates_) {
    if (candidate.upstream != probe_) continue;
    ++candidate.tries;
    send(candidate, Transport::Udp);
  }
  ask(*pick());
}

void Exchange::replied(const Attempt& attempt, std::vector<std::uint8_t> octets, const dns::Reply& reply) {
  --outstanding_;
  if (current_.get() == &attempt) current_.reset();
  auto& from = candidate(attempt);
  const bool tcp = attempt.form().transport == Transport::Tcp;

  if (answers(reply.rcode) && (!reply.truncated || tcp)) return end({&reply, {}, from.upstream->name()});
  if (tcp) return conclude(dns::ExtendedError::NetworkError);
  if (over_tcp_) return;
  if (attempt.form().edns && may_dislike_edns(reply.rcode) && !from.plain) {
    from.plain = true;
    return ask(from);
  }
  if (answers(reply.rcode) || reply.rcode == dns::Rcode::ServFail) {
    kept_octets_ = std::move(octets);  // moved, so `reply` keeps pointing into them
    kept_ = reply;
    kept_from_ = from.upstream.get();
  }
  answers(reply.rcode) ? send_over_tcp(from) : said_no(from);
}

void Exchange::failed(const Attempt& attempt, Failure failure) {
  --outstanding_;
  const bool was_current = current_.get() == &attempt;
  if (was_current) current_.reset();
  if (attempt.form().transport == Transport::Tcp) return conclude(dns::ExtendedError::NetworkError);
  if (over_tcp_ || failure == Failure::TimedOut) return;
  if (!was_current && current_) return;  // another's time is running

  auto* next = pick();
  if (next && next->tries < candidate(attempt).tries) return ask(*next);
  if (!next && outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority);
  // Else all have had this turn: the timer begins the next one, when the server may be back.
}

void Exchange::said_no(Candidate& from) {
  if (std::exchange(from.spent, true)) return;  // an earlier try of the same server said it already
  refused_ = true;
  if (auto* next = pick()) return ask(*next);
  if (outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority);
  if (!current_) wait_for(Health::kSoonest);  // a moment for those asked before
}

void Exchange::waited() {
  if (Health::Clock::now() >= deadline_) return conclude(dns::ExtendedError::NetworkError);
  if (current_) std::exchange(current_, nullptr)->give_up();
  if (auto* next = pick()) return ask(*next);
  if (refused_ || outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority);
  wait_for(limits_.budget);
}

Exchange::Candidate& Exchange::candidate(const Attempt& attempt) {
  return *std::find_if(candidates_.begin(), candidates_.end(),
                       [&](const Candidate& c) { return c.upstream.get() == &attempt.upstream(); });
}

Exchange::Candidate* Exchange::pick() {
  const unsigned limit = refused_ ? 1 : kTries;
  Candidate* least = nullptr;
  for (auto& candidate : candidates_) {
    if (candidate.spent || candidate.tries >= limit) continue;
    if (!least || candidate.tries < least->tries) least = &candidate;
  }
  return least;
}

void Exchange::ask(Candidate& candidate) {
  if (current_) current_.reset();
  ++candidate.tries;
  current_ = send(candidate, Transport::Udp);
  // With others to ask the beat is steady: six tries of two servers fit into the budget, which 30 % loss asks for. One
  // server alone is given twice the time with each try (RFC 6298, 5.5).
  auto pause = candidate.upstream->health().patience();
  if (candidates_.size() == 1) pause *= 1 << (candidate.tries - 1);
  wait_for(std::min<Health::Duration>(pause, limits_.attempt));
}

std::shared_ptr<Attempt> Exchange::send(const Candidate& candidate, Transport transport) {
  ++outstanding_;
  last_ = candidate.upstream.get();
  const Attempt::Form form{transport, !candidate.plain, limits_.random_case};
  return Attempt::start(*candidate.upstream, question_, form, weak_from_this(), means_.entropy, means_.counters);
}

void Exchange::send_over_tcp(const Candidate& candidate) {
  over_tcp_ = true;
  current_.reset();
  send(candidate, Transport::Tcp);
  wait_for(limits_.budget);
}

void Exchange::wait_for(Health::Duration pause) {
  timer_.expires_at(std::min(deadline_, Health::Clock::now() + pause));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->ended_) self->waited();
  });
}

void Exchange::conclude(dns::ExtendedError error) {
  if (kept_) return end({&*kept_, {}, kept_from_->name()});
  end({nullptr, error, last_ ? last_->name() : std::string()});
}

void Exchange::end(const Result& result) {
  timer_.cancel();
  const auto ended = std::exchange(ended_, nullptr);
  if (ended) ended(result);
}

}  // namespace meridian::upstream
