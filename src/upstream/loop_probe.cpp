#include "upstream/loop_probe.hpp"

#include <utility>
#include <vector>

#include <meridian/dns/reply.hpp>

#include "upstream/question.hpp"

namespace meridian::upstream {

namespace {

class LoopProbe final : public Listener, public std::enable_shared_from_this<LoopProbe> {
 public:
  LoopProbe(LoopGuard& guard, Upstream& server, const dns::Name& zone, LoopGuard::Probe probe)
      : guard_(guard), server_(server), zone_(zone), probe_(std::move(probe)) {}

  void send() {
    ++tries_;
    Question question;
    question.octets.assign(probe_.question.begin(), probe_.question.end());
    auto query = compose_query(question, false);
    const auto transport = server_.server().tls ? Transport::Tls : Transport::Udp;
    id_ = server_.send(query, transport, shared_from_this());
  }

  // Listener
  bool believes(std::span<const std::uint8_t> octets) override {
    return dns::check_reply(octets, id_, probe_.question, dns::CaseCheck::Ignore).has_value();
  }
  void replied(std::vector<std::uint8_t>) override { end(true); }
  void failed(Failure failure) override {
    if (failure == Failure::TimedOut && tries_ < kLoopTries) return send();
    end(false);
  }

 private:
  void end(bool answered) { guard_.ended(server_.name(), zone_, answered, Health::Clock::now()); }

  LoopGuard& guard_;
  Upstream& server_;  // owns what we send through, and so outlives us
  const dns::Name zone_;
  const LoopGuard::Probe probe_;
  std::uint16_t id_ = 0;
  unsigned tries_ = 0;
};

}  // namespace

UpstreamGroup::WatchLoop loop_watch(LoopGuard& guard) {
  return [&guard](const UpstreamPtr& server, const dns::Name& zone, Health::Time now, bool anew) {
    if (anew) guard.renew(server->name(), zone);
    auto probe = guard.probe(server->name(), zone, now);
    auto suspect = probe.suspect;
    if (!probe.question.empty()) std::make_shared<LoopProbe>(guard, *server, zone, std::move(probe))->send();
    return suspect;
  };
}

}  // namespace meridian::upstream
