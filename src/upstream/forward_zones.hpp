#pragma once
// Which upstreams a name is forwarded to: the longest suffix that has some of its own (forward.zones), or else those of
// forward.upstreams. Belongs to one forwarder.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <meridian/config/config.hpp>
#include <meridian/dns/name.hpp>

#include "upstream/entropy.hpp"
#include "upstream/upstream_group.hpp"

namespace meridian::upstream {

class ForwardZones {
 public:
  // What a group needs to make its servers and to know them from ourselves: see UpstreamGroup.
  struct Means {
    UpstreamGroup::Make make;
    UpstreamGroup::IsOurs is_ours;
    UpstreamGroup::WatchLoop watch_loop;
    Entropy& entropy;
  };

  // `settings` has been checked. Servers that `previous` (may be null) had too are taken over with all that is known of
  // them.
  ForwardZones(const config::Forward& settings, const Means& means, const ForwardZones* previous);

  UpstreamGroup& group_of(const dns::FoldedName& name);
  const auto& groups() const { return groups_; }  // second: unique_ptr<UpstreamGroup>

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // looked up in place, without a std::string for each suffix of a name
  };
  void add(const std::string& zone, const std::vector<config::Forward::Upstream>& upstreams,
           config::Forward::Policy policy, const Means& means, const ForwardZones* previous);

  // By the folded wire form of the suffix; the root is always there.
  std::unordered_map<std::string, std::unique_ptr<UpstreamGroup>, Hash, std::equal_to<>> groups_;
  UpstreamGroup* root_ = nullptr;
};

}  // namespace meridian::upstream
