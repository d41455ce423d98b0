#pragma once
// Who may hold a Lease, by client-go's rules (tools/leaderelection) and by one clock: our own steady one. What another
// process wrote as its time is never compared with ours; only that it changed counts. Pure: time comes in. One thread.

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>

#include <meridian/config/config.hpp>

namespace meridian::kube {

class Election {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;

  Election(std::string space, std::string name, std::string identity, config::Kubernetes::Lease times);

  // The Lease as the server has it; nothing: there is none. Another holder in it ends our own term at once, and any
  // change in it lets the holder's time begin anew.
  void observe(std::optional<boost::json::object> lease, Time now);
  // Whether claim() may be sent: it is ours, nobody's, or has not changed for as long as its holder promised to renew
  // it, or for as long as we would have, if that is longer.
  bool may_claim(Time now) const;
  // The Lease that says it is ours: what was observed with our words in it; kept are labels, and all that is not ours.
  boost::json::object claim(WallTime now) const;
  // The server has taken a claim that was sent at `sent`, and this is how it has it.
  void won(boost::json::object lease, Time sent);
  // The Lease that says it is nobody's, so that the next holder need not wait.
  boost::json::object released(WallTime now) const;

  // By the clock at this moment: the last claim that was taken was sent less than `renew` ago.
  bool held(Time now) const { return sent_ && now - *sent_ < times_.renew; }
  std::optional<Time> held_until() const { return sent_ ? std::optional(*sent_ + times_.renew) : std::nullopt; }
  bool exists() const { return lease_.has_value(); }
  const std::string& holder() const { return holder_; }
  const std::string& identity() const { return identity_; }

 private:
  boost::json::object with_spec(boost::json::object spec) const;
  std::chrono::seconds promised() const;

  std::string space_, name_, identity_;
  config::Kubernetes::Lease times_;
  std::optional<boost::json::object> lease_;  // as last seen
  std::string holder_;
  Time observed_{};           // when its spec was first seen as it is
  std::optional<Time> sent_;  // the claim that holds
};

}  // namespace meridian::kube
