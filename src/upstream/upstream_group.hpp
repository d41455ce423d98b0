#pragma once
// The servers of one forward zone, and the order in which a question tries them.

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <meridian/config/config.hpp>

#include "upstream/entropy.hpp"
#include "upstream/health.hpp"
#include "upstream/resolv_conf_watch.hpp"
#include "upstream/upstream.hpp"

namespace meridian::upstream {

using UpstreamPtr = std::shared_ptr<Upstream>;  // shared with the questions in flight, which a reload must not disturb

class UpstreamGroup {
 public:
  using Make = std::function<UpstreamPtr(const config::Forward::Server&)>;

  // `zone`: for state(). Servers that `previous` (may be null) had too are taken over with all that is known of them.
  UpstreamGroup(std::string zone, const std::vector<config::Forward::Upstream>& sources, config::Forward::Policy policy,
                Make make, Entropy& entropy, const UpstreamGroup* previous);

  struct Choice {
    std::vector<UpstreamPtr> order;  // by policy, those that failed last; each once
    UpstreamPtr probe;               // asked too, at once, and for its own sake: is it back, how far is it? May be null
  };
  // Reads files that have changed, then chooses for one question.
  Choice choose(Health::Time now);

  // All of them failed several times in a row. False if there is none.
  bool dead() const;
  const std::string& zone() const { return zone_; }
  const std::vector<UpstreamPtr>& servers() const { return servers_; }

  static constexpr Health::Duration kStaleRtt = std::chrono::seconds(10);  // `fastest` measures the others again

 private:
  using Source = std::variant<config::Forward::Server, ResolvConfWatch>;
  // The servers of one source; a file that can't be read keeps those it had.
  struct Part {
    Source source;
    std::vector<config::Forward::Server> endpoints;
  };
  bool read_changed_files(Health::Time now);  // true: some endpoints are other ones now
  void rebuild(const std::vector<UpstreamPtr>& known);
  void order_by_policy(std::vector<UpstreamPtr>& order);

  const std::string zone_;
  const config::Forward::Policy policy_;
  Make make_;
  Entropy& entropy_;
  std::vector<Part> parts_;
  std::vector<UpstreamPtr> servers_;
  std::size_t turn_ = 0;  // round-robin
};

}  // namespace meridian::upstream
