#pragma once
// What both front ends do with a message: parse, decide, count, log; and, where the question is not ours, ask the
// forwarder and make its reply the client's. One a worker; every call on its loop.

#include <sys/socket.h>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <meridian/dns/message.hpp>
#include <meridian/query/respond.hpp>
#include <meridian/stats/counters.hpp>
#include "server/query_log.hpp"
#include "server/settings.hpp"
#include "upstream/forwarder.hpp"

namespace meridian::server {

// One message of a client while it is being answered. Lives on the stack of the packet path.
struct Exchange {
  const sockaddr_storage& from;
  bool tcp;
  query::Client client{};  // set by Responder::answer
  dns::Query query{};      // set by Responder::answer; borrows the packet
};

class Responder {
 public:
  // A client whose question waits for the forwarder: the query with its header and question copied (under 1 KB), and
  // nothing else of the packet, which over TCP may have had 64 KB. A front end says how the reply reaches it.
  class Pending : public upstream::Client {
   public:
    Pending(Responder& responder, const Exchange& exchange);
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    void answered(const upstream::Result& result) final { responder_.finish(*this, result); }

   private:
    friend Responder;
    // The reply is valid during the call. Called once, unless the forwarder is destroyed first.
    virtual void send(std::span<const std::uint8_t> reply) = 0;

    Responder& responder_;
    const sockaddr_storage from_;
    Exchange kept_;
    std::array<std::uint8_t, dns::kHeaderSize + dns::kMaxName + 4> octets_;  // header, name, type, class
    bool owed_ = true;                                                       // see when_answered()
  };

  // All but `zones` and `settings` outlive the responder.
  Responder(ZonePtr zones, SettingsPtr settings, upstream::Forwarder& forwarder, stats::WorkerCounters& counters,
            QueryLog& log);

  // Composes the reply to `packet` into `out`: UdpBatch::kMaxReply octets for UDP, dns::kMaxMessage for TCP. An answer
  // from the zone allocates nothing and takes no lock; one from the cache takes one, for a copy. If the outcome is
  // Forward, forward() comes next.
  query::Outcome answer(std::span<const std::uint8_t> packet, Exchange& exchange, std::span<std::uint8_t> out);
  // Has the forwarder ask; never answers from inside.
  void forward(std::unique_ptr<Pending> pending);
  // Calls `done`, later or at once, when all that forward() has taken until now is answered; what it takes from now on
  // does not count. Once.
  void when_answered(std::function<void()> done);

  // The zones of before are handed back: who calls knows where they may be destroyed.
  ZonePtr adopt(ZonePtr next);
  void apply(SettingsPtr next) { settings_ = std::move(next); }
  const Settings& settings() const { return *settings_; }

 private:
  query::Turn next_turn();
  query::Outcome compose(const upstream::Result& result, query::Where where, const Exchange& exchange,
                         std::span<std::uint8_t> out);
  void finish(Pending& pending, const upstream::Result& result);
  void count(const Exchange& exchange, stats::RCode rcode, query::Where where);

  ZonePtr zones_;
  SettingsPtr settings_;
  upstream::Forwarder& forwarder_;
  stats::WorkerCounters& counters_;
  QueryLog& log_;
  std::size_t in_flight_ = 0;  // questions that forward() has taken and not answered: until when_answered()
  bool ending_ = false;        // ... was called; in_flight_ is then what was taken before
  std::function<void()> when_answered_;
  std::uint32_t turn_ = 0;
  std::uint64_t random_;
  std::array<std::uint8_t, dns::kMaxMessage> relayed_;
};

}  // namespace meridian::server
