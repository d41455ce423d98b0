#pragma once
// VIPs into spec.addresses, by server-side apply under our own field manager, `meridian`: we only ever own a list that
// we made (behaviour: writing VIPs back). Nothing here stands between a name and its answer.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kube/api.hpp"

namespace meridian::kube {

inline constexpr const char* kFieldManager = "meridian";

// One ServiceEntry object. The uid goes into every write, so that nothing is written onto a re-created one.
struct ObjectRef {
  std::string space, name, uid;
  bool operator==(const ObjectRef&) const = default;
};

class WriteBack {
 public:
  struct Counts {
    std::uint64_t written = 0, taken_back = 0, refused = 0, failures = 0;
  };
  // `refused`: the server said no (403, 409, 422, a webhook), for people; told once for each entry and text. On the
  // control thread, never from inside a call.
  using Refused = std::function<void(const ObjectRef&, const std::string& why)>;

  WriteBack(boost::asio::io_context& loop, Api& api, Refused refused);
  ~WriteBack();  // stops

  // spec.addresses of `entry` shall be [address], or, without one, no list of ours. Replaces an earlier wish for the
  // same entry. Idempotent: nothing is sent for what was written already and is still so; when a watch shows another
  // state, call it again with `current`: whether the object has our list now, and with what.
  void want(const ObjectRef& entry, const std::optional<std::string>& address,
            const std::optional<std::string>& current);
  // The entry is gone: nothing is owed to it.
  void forget(const std::string& space, const std::string& name);
  // Only the holder of the Lease writes: while off nothing is sent, and wishes are kept.
  void enable(bool on);
  void stop();

  std::size_t pending() const;
  const Counts& counts() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
