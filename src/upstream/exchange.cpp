#include "upstream/exchange.hpp"

#include <algorithm>
#include <utility>

namespace meridian::upstream {

namespace {

constexpr unsigned kExtended = 16;  // codes from here on are about EDNS, TSIG and cookies (RFC 6895, 2.3)

// The server tells us something about the name, not about itself.
bool answers(dns::Rcode rcode) {
  switch (rcode) {
    case dns::Rcode::FormErr:
    case dns::Rcode::ServFail:
    case dns::Rcode::NotImp:
    case dns::Rcode::Refused:
    case dns::Rcode::NotAuth:
      return false;
    default:
      return static_cast<unsigned>(rcode) < kExtended;
  }
}

// What servers say that know no EDNS (RFC 6891, 7), or no version 0 of it.
bool may_dislike_edns(dns::Rcode rcode) {
  return rcode == dns::Rcode::FormErr || rcode == dns::Rcode::NotImp || rcode == dns::Rcode::BadVers;
}

}  // namespace

Exchange::Exchange(std::uint64_t number, Owner& owner, Entropy& entropy, stats::WorkerCounters& counters,
                   const Limits& limits, QuestionPtr question, UpstreamGroup::Choice choice)
    : number_(number),
      owner_(owner),
      entropy_(entropy),
      counters_(counters),
      limits_(limits),
      question_(std::move(question)),
      probe_(std::move(choice.probe)) {
  const auto& order = choice.order;
  for (std::size_t i = 0; i < order.size(); ++i) candidates_.push_back({order[i], order.limits(i)});
}

void Exchange::start(Time now) {
  deadline_ = now + limits_.budget;
  for (auto& candidate : candidates_) {
    if (candidate.upstream != probe_) continue;
    ++candidate.tries;
    send(candidate, candidate.upstream->transport(), now);
  }
  ask(*pick(), now);
}

void Exchange::replied(const Attempt& attempt, std::vector<std::uint8_t> octets, const dns::Reply& reply, Time now) {
  --outstanding_;
  if (current_.get() == &attempt) current_.reset();
  if (!ended_)
    take(attempt, octets, reply, now);
  else if (answers(reply.rcode) && !reply.truncated)
    owner_.late(*this, octets, reply, now);
  leave();
}

void Exchange::take(const Attempt& attempt, std::vector<std::uint8_t>& octets, const dns::Reply& reply, Time now) {
  auto& from = candidate(attempt);
  const bool stream = attempt.form().transport != Transport::Udp;
  const bool retry = attempt.form().transport == Transport::Tcp;  // what UDP cut off

  if (answers(reply.rcode) && (!reply.truncated || stream)) return end({octets, &reply, {}, from.upstream.get()}, now);
  if (retry) return tcp_failed(from, now);
  if (over_tcp_) return;
  if (attempt.form().edns && may_dislike_edns(reply.rcode) && !from.plain) {
    from.plain = true;
    return ask(from, now);
  }
  if (answers(reply.rcode) || (reply.rcode == dns::Rcode::ServFail && !kept_)) {
    kept_octets_ = std::move(octets);  // moved, so `reply` keeps pointing into them
    kept_ = reply;
    kept_from_ = from.upstream.get();
  }
  answers(reply.rcode) ? send_over_tcp(from, now) : said_no(from, now);
}

void Exchange::failed(const Attempt& attempt, Failure failure, Time now) {
  --outstanding_;
  const bool was_current = current_.get() == &attempt;
  if (was_current) current_.reset();
  if (!ended_) go_on(attempt, failure, was_current, now);
  leave();
}

void Exchange::go_on(const Attempt& attempt, Failure failure, bool was_current, Time now) {
  auto& of = candidate(attempt);
  const auto transport = attempt.form().transport;
  // Servers end connections that they think idle, and our question may just have been on its way (RFC 7766, 6.2.4).
  const bool may_reconnect =
      transport != Transport::Udp && failure == Failure::Unreachable && !std::exchange(of.reconnect, true);
  if (transport == Transport::Tcp) return may_reconnect ? send_over_tcp(of, now) : tcp_failed(of, now);
  if (over_tcp_ || failure == Failure::TimedOut) return;
  if (!was_current && current_) return;  // another's time is running
  if (may_reconnect) {
    --of.tries;  // which was none
    return ask(of, now);
  }

  auto* next = pick();
  if (next && next->tries < of.tries) return ask(*next, now);
  if (!next && outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority, now);
  // Else all have had this turn: the alarm begins the next one, when the server may be back.
}

bool Exchange::ask_others(Candidate& candidate, Time now) {
  over_tcp_ = nullptr;
  candidate.spent = true;
  auto* next = pick();
  if (next) ask(*next, now);
  return next;
}

void Exchange::tcp_failed(Candidate& from, Time now) {
  if (over_tcp_ == &from && !ask_others(from, now)) conclude(dns::ExtendedError::NetworkError, now);
}

void Exchange::said_no(Candidate& from, Time now) {
  if (std::exchange(from.spent, true)) return;  // an earlier try of the same server said it already
  refused_ = true;
  if (auto* next = pick()) return ask(*next, now);
  if (outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority, now);
  if (!current_) wait_for(Health::kSoonest, now);  // a moment for those asked before
}

void Exchange::woken(Time now) {
  if (ended_ || now < wake_) return;
  try_again(now);
  leave();
}

void Exchange::try_again(Time now) {
  if (now >= deadline_) return conclude(dns::ExtendedError::NetworkError, now);
  if (current_) std::exchange(current_, nullptr)->give_up(now);
  if (over_tcp_ && ask_others(*over_tcp_, now)) return;  // it may answer all the same
  if (auto* next = pick()) return ask(*next, now);
  if (refused_ || outstanding_ == 0) return conclude(dns::ExtendedError::NoReachableAuthority, now);
  wait_for(limits_.budget, now);
}

Exchange::Candidate& Exchange::candidate(const Attempt& attempt) {
  return *std::find_if(candidates_.begin(), candidates_.end(),
                       [&](const Candidate& c) { return c.upstream.get() == &attempt.upstream(); });
}

Exchange::Candidate* Exchange::pick() {
  Candidate* least = nullptr;
  for (auto& candidate : candidates_) {
    if (candidate.spent || candidate.tries >= (refused_ ? 1 : std::min(kTries, candidate.limits.tries))) continue;
    if (!least || candidate.tries < least->tries) least = &candidate;
  }
  return least;
}

void Exchange::ask(Candidate& candidate, Time now) {
  current_.reset();
  ++candidate.tries;
  current_ = send(candidate, candidate.upstream->transport(), now);
  // With others to ask the beat is steady: six tries of two servers fit into the budget, which 30 % loss asks for. One
  // server alone is given twice the time with each try (RFC 6298, 5.5).
  auto pause = candidate.upstream->health().patience();
  if (candidates_.size() == 1) pause *= 1 << (candidate.tries - 1);
  wait_for(std::min<Health::Duration>(pause, std::min(limits_.attempt, candidate.limits.attempt)), now);
}

std::shared_ptr<Attempt> Exchange::send(const Candidate& candidate, Transport transport, Time now) {
  ++outstanding_;
  last_ = candidate.upstream.get();
  const Attempt::Form form{transport, !candidate.plain, limits_.random_case};
  return Attempt::start(*candidate.upstream, *question_, form, weak_from_this(), entropy_, counters_, now);
}

void Exchange::send_over_tcp(Candidate& candidate, Time now) {
  over_tcp_ = &candidate;
  current_.reset();
  send(candidate, Transport::Tcp, now);
  wait_for(std::min(limits_.attempt, candidate.limits.attempt), now);
}

void Exchange::wait_for(Health::Duration pause, Time now) {
  wake_ = std::min(deadline_, now + pause);
  owner_.wake_at(wake_, *this);
}

void Exchange::conclude(dns::ExtendedError error, Time now) {
  if (kept_) {
    // RFC 8914, 4.23: nobody could be reached, or they refused.
    const auto theirs = dns::extended_error(*kept_).value_or(dns::ExtendedError::NoReachableAuthority);
    return end({kept_octets_, &*kept_, theirs, kept_from_}, now);
  }
  end({{}, nullptr, error, last_}, now);
}

void Exchange::end(const End& end, Time now) {
  ended_ = true;
  current_.reset();
  owner_.ended(*this, end, now);
}

void Exchange::leave() {
  if (ended_ && outstanding_ == 0) owner_.gone(*this);
}

}  // namespace meridian::upstream
