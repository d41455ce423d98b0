#pragma once
// What becomes of a question that no name of ours answers: a special name, forwarded, or refused. Control thread.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/dns/name.hpp>
#include <meridian/dns/types.hpp>
#include <meridian/zone/zone.hpp>

#include "control/frontend.hpp"

namespace meridian::control {

struct Foreign {
  std::string rcode;  // empty: forwarded
  std::string why;
  std::vector<std::string> answers{};
  boost::json::value forward{};  // null: not forwarded; else `zone` (of forward.zones, or ".") and its `upstreams`
};

// As it would be for a client that may do everything: the workers' own decision, query::respond, is asked. nullopt: it
// is answered after all, from a host of an entry outside of the zones (`serve-hosts: any`).
std::optional<Foreign> explain_foreign(const zone::ZoneSet& zones, const config::Forward& settings,
                                       const dns::Name& name, dns::Type type,
                                       const std::vector<UpstreamStatus>& upstreams);

}  // namespace meridian::control
