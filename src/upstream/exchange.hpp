#pragma once
// The life of one forwarded question: which server next, when to send again, when to stop, which reply it is.
//
//   ask the first server; no reply in time -> the next one, round and round, three tries a server (RFC 9520, 3.2)
//   a reply that answers          -> done; a late one from an earlier try counts like any other
//   truncated                     -> the same server over TCP; if that fails, the others, else the truncated reply
//   FORMERR, NOTIMP to our EDNS   -> the same server once more without
//   SERVFAIL, REFUSED and such    -> each other server once; if none answers, the SERVFAIL reply, else an error
//   unreachable                   -> the next server at once; the same one again only after its time-out
//   the budget is used up         -> what we have, else an error

// What comes after the end is not lost: a late answer is handed on, for the next who asks.

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <meridian/dns/reply.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/attempt.hpp"
#include "upstream/question.hpp"
#include "upstream/upstream_group.hpp"

namespace meridian::upstream {

using QuestionPtr = std::shared_ptr<const Question>;

class Exchange final : public Attempt::Asker, public std::enable_shared_from_this<Exchange> {
 public:
  using Time = Health::Time;
  struct Limits {
    std::chrono::milliseconds attempt;  // the longest wait before the next try
    std::chrono::milliseconds budget;   // for everything
    bool random_case;
  };
  struct End {
    std::span<std::uint8_t> octets;  // hold `reply`; valid during the call
    const dns::Reply* reply = nullptr;
    dns::ExtendedError error = dns::ExtendedError::NetworkError;  // without a reply, or with a SERVFAIL: why
    const Upstream* from = nullptr;                               // who answered, or was asked last
  };

  // Holds the exchange by its number until it is gone; outlives it.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Call woken() then.
    virtual void wake_at(Time time, const Exchange& exchange) = 0;
    // Called once, later than start().
    virtual void ended(const Exchange& exchange, const End& end, Time now) = 0;
    // A reply that answers, after the end.
    virtual void late(const Exchange& exchange, std::span<std::uint8_t> octets, const dns::Reply& reply, Time now) = 0;
    // Ended, and nothing more can come.
    virtual void gone(const Exchange& exchange) = 0;
  };

  // `choice.order` has at least one server. `entropy` and `counters` outlive this.
  Exchange(std::uint64_t number, Owner& owner, Entropy& entropy, stats::WorkerCounters& counters, const Limits& limits,
           QuestionPtr question, UpstreamGroup::Choice choice);
  void start(Time now);
  // Does nothing if there is nothing to do yet.
  void woken(Time now);

  std::uint64_t number() const { return number_; }
  const QuestionPtr& question() const { return question_; }

  // Attempt::Asker
  void replied(const Attempt& attempt, std::vector<std::uint8_t> octets, const dns::Reply& reply, Time now) override;
  void failed(const Attempt& attempt, Failure failure, Time now) override;

  static constexpr unsigned kTries = 3;  // a server (RFC 9520, 3.2)

 private:
  struct Candidate {
    UpstreamPtr upstream;
    Roster::Limits limits;  // of its resolv.conf
    unsigned tries = 0;
    bool spent = false;      // it has said no
    bool plain = false;      // asked without EDNS
    bool reconnect = false;  // a kept connection ended with our question on it: asked again over a new one
  };

  Candidate& candidate(const Attempt& attempt);
  Candidate* pick();                         // whom to ask next; null: all were asked often enough
  void ask(Candidate& candidate, Time now);  // makes it the current attempt and waits for it
  std::shared_ptr<Attempt> send(const Candidate& candidate, Transport transport, Time now);
  void send_over_tcp(Candidate& candidate, Time now);
  void take(const Attempt& attempt, std::vector<std::uint8_t>& octets, const dns::Reply& reply, Time now);
  void go_on(const Attempt& attempt, Failure failure, bool was_current, Time now);
  bool ask_others(Candidate& candidate, Time now);  // than the one that could not tell the whole
  void tcp_failed(Candidate& candidate, Time now);
  void said_no(Candidate& candidate, Time now);
  void try_again(Time now);
  void wait_for(Health::Duration pause, Time now);    // not beyond the deadline
  void conclude(dns::ExtendedError error, Time now);  // with the reply that was kept, or else with `error`
  void end(const End& end, Time now);
  void leave();  // if nothing more can come

  const std::uint64_t number_;
  Owner& owner_;
  Entropy& entropy_;
  stats::WorkerCounters& counters_;
  const Limits limits_;
  const QuestionPtr question_;
  boost::container::small_vector<Candidate, 3> candidates_;  // in the order of the policy
  UpstreamPtr probe_;
  Time deadline_{};
  Time wake_{};                       // when there is something to do; alarms of before mean nothing
  std::shared_ptr<Attempt> current_;  // whose time is running
  const Upstream* last_ = nullptr;    // asked last
  unsigned outstanding_ = 0;          // attempts without an end
  bool refused_ = false;              // some server said no: each other one is tried once
  Candidate* over_tcp_ = nullptr;     // who is asked over TCP for what UDP cut off
  bool ended_ = false;
  std::vector<std::uint8_t> kept_octets_;
  std::optional<dns::Reply> kept_;  // relayed if nothing better comes: truncated, or SERVFAIL
  const Upstream* kept_from_ = nullptr;
};

}  // namespace meridian::upstream
