#pragma once
// What is answered for a name, and why: the chain from entries over the host and its address to the answer. Control
// thread.

#include <boost/json/object.hpp>
#include <string_view>

#include <meridian/dns/name.hpp>
#include <meridian/dns/types.hpp>

#include "control/reconciler.hpp"

namespace meridian::control {

// Keys: name, type, zone (null: not ours), rcode ("NOERROR", ..., or null: forwarded), why, answers (texts), `forward`
// (null: not forwarded) with the zone of forward.zones and its `upstreams`, and `host` (null: no entry names it) with
// its entries, losers, address source and VIP record.
boost::json::object explain(const Reconciler& reconciler, const dns::Name& name, dns::Type type,
                            const std::vector<UpstreamStatus>& upstreams);

}  // namespace meridian::control
