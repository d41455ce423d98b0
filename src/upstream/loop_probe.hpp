#pragma once
// Sends the questions of a LoopGuard. All workers watch all their servers; the guard sees to it that one of them sends.

#include "upstream/loop_guard.hpp"
#include "upstream/upstream_group.hpp"

namespace meridian::upstream {

// For a group whose servers live on the calling worker's loop; `guard` outlives them. If it is time to find out whether
// what the server is asked comes back to us, it is asked, up to kLoopTries times while no reply comes. Neither its
// health nor anybody's question depends on the reply.
UpstreamGroup::WatchLoop loop_watch(LoopGuard& guard);

inline constexpr unsigned kLoopTries = 3;  // one lost datagram must not let a loop run for half a minute

}  // namespace meridian::upstream
