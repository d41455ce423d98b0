#pragma once
// VIPs into spec.addresses, by server-side apply under our own field manager, `meridian`: we only ever own a list that
// we made (behaviour: writing VIPs back). Nothing here stands between a name and its answer.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kube/api.hpp"
#include "kube/apply.hpp"
#include "kube/object_ref.hpp"

namespace meridian::kube {

// For one cluster. Control thread only.
class WriteBack {
 public:
  static constexpr unsigned kMostInFlight = 4;

  // Writes, by what came of them; of those in flight nothing is counted yet.
  struct Counts {
    std::uint64_t written = 0, taken_back = 0;
    std::uint64_t conflicts = 0;    // 409: another field manager has the list
    std::uint64_t forbidden = 0;    // 403: RBAC
    std::uint64_t denied = 0;       // a webhook or an admission policy says no, or changes the list
    std::uint64_t invalid = 0;      // 422, and the other 4xx
    std::uint64_t gone = 0;         // 404, another uid: nothing is owed
    std::uint64_t throttled = 0;    // 429
    std::uint64_t failed = 0;       // 5xx, a lost race, a path that is not served
    std::uint64_t unreachable = 0;  // no answer, or a 401
    std::uint64_t refused() const { return conflicts + forbidden + denied + invalid; }
    std::uint64_t failures() const { return throttled + failed + unreachable; }
  };
  // `refused`: the server said no (403, 409, 422, a webhook), for people; told once for each entry and text until a
  // write of the entry goes well, and RBAC's no for one entry of a namespace. On the control thread, never from inside
  // a call; it may call back, and may destroy.
  using Refused = std::function<void(const ObjectRef&, const std::string& why)>;

  // Off until enable(true). `api` outlives stop().
  WriteBack(boost::asio::io_context& loop, Api& api, Refused refused);
  ~WriteBack();  // stops

  // spec.addresses of `entry` shall be [address], or, without one, no list of ours. Replaces an earlier wish for the
  // same entry. Idempotent: nothing is sent for what was written already and is still so; when a watch shows another
  // state, call it again with `current`: whether the object has our list now, and with what. An entry needs its uid.
  //
  // A refusal is tried again after 5 s, doubling to 10 min, a failure sooner; a new wish, or a new uid, at once.
  void want(const ObjectRef& entry, const std::optional<std::string>& address,
            const std::optional<std::string>& current);
  // The entry is gone: nothing is owed to it.
  void forget(const std::string& space, const std::string& name);

  // Of the API, as the reflector found it served ("v1", "v1beta1", "v1alpha3"); "v1" before. A version that turns out
  // not to be served is left for the next one. Whatever it is, our lists stay ours: the server does not look at the
  // version that an applier used.
  void serve_version(std::string version);
  // Only the holder of the Lease writes: while off nothing is sent, and wishes are kept. What is in flight ends as it
  // ends.
  void enable(bool on);
  // Asked right before each request, besides enable(): a process that was stopped learns late that its Lease is over.
  void only_while(std::function<bool()> permitted);
  void stop();

  // Wishes that are not fulfilled, for whatever reason.
  std::size_t pending() const;
  const Counts& counts() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
