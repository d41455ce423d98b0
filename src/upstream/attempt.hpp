#pragma once
// One query sent to one server once, until its reply comes or c-ares forgets it. It outlives the question it was sent
// for: a reply that comes too late still says that the server lives, and how far away it is.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <meridian/dns/reply.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"
#include "upstream/question.hpp"
#include "upstream/upstream.hpp"

namespace meridian::upstream {

class Attempt final : public Listener {
 public:
  // For whom the attempt is made; not called any more once it is gone.
  class Asker {
   public:
    virtual ~Asker() = default;
    // `reply` is checked and lies in `octets`.
    virtual void replied(const Attempt& attempt, std::vector<std::uint8_t> octets, const dns::Reply& reply,
                         Health::Time now) = 0;
    virtual void failed(const Attempt& attempt, Failure failure, Health::Time now) = 0;
  };

  struct Form {
    Transport transport = Transport::Udp;
    bool edns = true;
    bool random_case = false;  // DNS 0x20
  };

  // Composes and sends. `upstream` owns what it sends through, so it outlives what is in flight; `counters` must too.
  static std::shared_ptr<Attempt> start(Upstream& upstream, const Question& question, Form form,
                                        std::weak_ptr<Asker> asker, Entropy& entropy, stats::WorkerCounters& counters,
                                        Health::Time now);

  // The asker has waited long enough: counts as lost, against the server. A reply is welcome all the same.
  void give_up(Health::Time now);

  Upstream& upstream() const { return upstream_; }
  const Form& form() const { return form_; }

  // Listener
  bool believes(std::span<const std::uint8_t> octets) override;
  void replied(std::vector<std::uint8_t> octets) override;
  void failed(Failure failure) override;

 private:
  struct Key {};  // for start()

 public:
  Attempt(Key, Upstream& upstream, Form form, std::weak_ptr<Asker> asker, stats::WorkerCounters& counters,
          Health::Time now)
      : upstream_(upstream), form_(form), asker_(std::move(asker)), counters_(counters), sent_(now) {}

 private:
  void count_against(Health::Time now);

  Upstream& upstream_;
  const Form form_;
  const std::weak_ptr<Asker> asker_;
  stats::WorkerCounters& counters_;
  const Health::Time sent_;
  std::vector<std::uint8_t> query_;  // as sent
  std::size_t question_size_ = 0;    // of the question in it
  std::optional<dns::Reply> believed_;
  std::uint16_t id_ = 0;
  bool lost_ = false;
};

}  // namespace meridian::upstream
