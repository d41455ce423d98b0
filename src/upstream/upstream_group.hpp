#pragma once
// The servers of one forward zone, and the order in which a question tries them.
//
// Each policy orders the servers that are good; behind them, in this order, come those that lose much, refuse, have not
// answered their last attempt, are dead (Health::Standing). What has fallen behind gets copies of real questions until
// it has earned its place again; nobody waits for these.
//
//   fastest       the one that is nearest, what it loses counted in; another takes its place when it is nearer by a
//                 good fifth, so that equals don't take turns. The others are measured anew every kStaleRtt by a
//                 copy.
//   sequential    as configured. A resolv.conf with `options rotate` means that its servers take turns.
//   round-robin   in turn
//   random        evenly

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/name.hpp>

#include "upstream/entropy.hpp"
#include "upstream/health.hpp"
#include "upstream/resolv_conf.hpp"
#include "upstream/resolv_conf_watch.hpp"
#include "upstream/server_order.hpp"
#include "upstream/upstream.hpp"

namespace meridian::upstream {

class UpstreamGroup {
 public:
  using Make = std::function<UpstreamPtr(const config::Forward::Server&)>;
  using IsOurs = std::function<bool(const config::Endpoint&)>;
  // Sees to it that somebody finds out whether questions for `zone` come back from this server: loop_watch(). `anew`:
  // it may be another one than it was.
  using WatchLoop = std::function<std::shared_ptr<const LoopGuard::Suspect>(
      const UpstreamPtr& server, const dns::Name& zone, Health::Time now, bool anew)>;

  // `zone`: in presentation form. Servers that `previous` (may be null) had too are taken over with all that is known
  // of them. Servers that are ours are left out, with a warning. `watch_loop` is called for each server from here and
  // again from choose(), about once a second; may be empty.
  UpstreamGroup(std::string zone, const std::vector<config::Forward::Upstream>& sources, config::Forward::Policy policy,
                Make make, Entropy& entropy, const UpstreamGroup* previous, IsOurs is_ours = {},
                WatchLoop watch_loop = {});

  struct Choice {
    ServerOrder order;  // each server that can be asked, once; limits(i): what its file says about how
    UpstreamPtr probe;  // one of them, asked too, at once, and for its own sake: is it back, how far is it? May be null
  };
  // Reads files that have changed, then chooses for one question.
  Choice choose(Health::Time now);

  // All that can be asked failed several times in a row. False if there is none.
  bool dead() const;
  const std::string& zone() const { return zone_; }
  const std::vector<UpstreamPtr>& servers() const { return roster_->servers; }
  // Of servers(), by place: what it is asked comes back to us, so it is not used.
  bool looping(std::size_t place) const { return roster_->traits[place].looping(); }

  static constexpr Health::Duration kStaleRtt = std::chrono::seconds(10);  // `fastest` measures the others again

 private:
  // One element of the configuration; a file that can't be read keeps the servers it had.
  struct Source {
    std::variant<config::Forward::Server, ResolvConfWatch> from;
    ResolvConf conf;
    bool complained = false;  // of what it is now
  };
  void look_around(Health::Time now);
  bool read_changed_files(Health::Time now);  // true: some file says something else now
  void rebuild(const std::vector<UpstreamPtr>& known, Health::Time now);
  std::size_t sort();  // returns how many can be asked: they come first
  std::uint64_t worth(std::size_t place) const;
  void take_turns(ServerOrder::Places& places);
  Health::Standing standing(ServerOrder::Place place) const { return roster_->servers[place]->health().standing(); }

  const std::string zone_;
  const dns::Name zone_name_;
  const config::Forward::Policy policy_;
  const Make make_;
  Entropy& entropy_;
  const IsOurs is_ours_;
  const WatchLoop watch_loop_;
  std::vector<Source> sources_;
  std::shared_ptr<const Roster> roster_ = std::make_shared<Roster>();
  std::vector<ServerOrder::Place> order_;  // of the last question, all servers: little has changed since
  std::vector<std::uint64_t> worth_;       // by place; the smallest is asked first
  Health::Time look_around_ = Health::Time::min();
  std::uint32_t turn_ = 0;
};

}  // namespace meridian::upstream
