#pragma once
// The life of one forwarded question: which server next, when to send again, when to stop, which reply it is.
//
//   ask the first server; no reply in time -> the next one, round and round, three tries a server (RFC 9520, 3.2)
//   a reply that answers          -> done; a late one from an earlier try counts like any other
//   truncated                     -> the same server over TCP; if that fails, the truncated reply
//   FORMERR, NOTIMP to our EDNS   -> the same server once more without
//   SERVFAIL, REFUSED and such    -> each other server once; if none answers, the SERVFAIL reply, else an error
//   unreachable                   -> the next server at once; the same one again only after its time-out
//   the budget is used up         -> what we have, else an error

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <meridian/dns/reply.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/attempt.hpp"
#include "upstream/forwarder.hpp"
#include "upstream/question.hpp"
#include "upstream/upstream_group.hpp"

namespace meridian::upstream {

class Exchange final : public Attempt::Asker, public std::enable_shared_from_this<Exchange> {
 public:
  // What all questions of a forwarder use; outlives them.
  struct Means {
    boost::asio::io_context& loop;
    Entropy& entropy;
    stats::WorkerCounters& counters;
  };
  struct Limits {
    std::chrono::milliseconds attempt;  // the longest wait before the next try
    std::chrono::milliseconds budget;   // for everything
    bool random_case;
  };
  using Ended = std::function<void(const Result&)>;

  // `choice.order` has at least one server. `ended` is called once, later; it may destroy the exchange's owner.
  Exchange(const Means& means, const Limits& limits, Question question, UpstreamGroup::Choice choice, Ended ended);
  void start();

  // Attempt::Asker
  void replied(const Attempt& attempt, std::vector<std::uint8_t> octets, const dns::Reply& reply) override;
  void failed(const Attempt& attempt, Failure failure) override;

  static constexpr unsigned kTries = 3;  // a server (RFC 9520, 3.2)

 private:
  using Time = Health::Time;
  struct Candidate {
    UpstreamPtr upstream;
    unsigned tries = 0;
    bool spent = false;  // it has said no
    bool plain = false;  // asked without EDNS
  };

  Candidate& candidate(const Attempt& attempt);
  Candidate* pick();               // whom to ask next; null: all were asked often enough
  void ask(Candidate& candidate);  // makes it the current attempt and waits for it
  std::shared_ptr<Attempt> send(const Candidate& candidate, Transport transport);
  void send_over_tcp(const Candidate& candidate);
  void said_no(Candidate& candidate);
  void wait_for(Health::Duration pause);  // not beyond the deadline
  void waited();
  void conclude(dns::ExtendedError error);  // with the reply that was kept, or else with `error`
  void end(const Result& result);

  const Means means_;
  const Limits limits_;
  const Question question_;
  std::vector<Candidate> candidates_;  // in the order of the policy
  UpstreamPtr probe_;
  Ended ended_;
  boost::asio::steady_timer timer_;
  Time deadline_{};
  std::shared_ptr<Attempt> current_;  // whose time is running
  const Upstream* last_ = nullptr;    // asked last
  unsigned outstanding_ = 0;          // attempts without an end
  bool refused_ = false;              // some server said no: each other one is tried once
  bool over_tcp_ = false;
  std::vector<std::uint8_t> kept_octets_;
  std::optional<dns::Reply> kept_;  // relayed if nothing better comes: truncated, or SERVFAIL
  const Upstream* kept_from_ = nullptr;
};

}  // namespace meridian::upstream
