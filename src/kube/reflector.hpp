#pragma once
// Lists a collection and watches it from there, for ever: client-go's word for it. Owns every retry; what it holds of
// the collection is the resourceVersion alone.

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/api.hpp"
#include "kube/resource.hpp"

namespace meridian::kube {

// Told on the control thread, never from inside start(), relist() or stop(), and never after stop().
class Listener {
 public:
  virtual ~Listener() = default;
  // A complete list begins. What listed() does not tell until list_ends() is not there any more; if the list breaks off
  // another list_begins() follows, and what was told of the broken one means nothing.
  virtual void list_begins() = 0;
  virtual void listed(boost::json::object object) = 0;
  virtual void list_ends() = 0;
  virtual void changed(boost::json::object object) = 0;  // ADDED and MODIFIED
  virtual void deleted(boost::json::object object) = 0;  // its last state
  // An object that was passed over, while a list is told or behind it: longer than the limit, too deep, or no JSON. It
  // is there all the same. `identity`: of its metadata only name, namespace and resourceVersion, as far as they could
  // be read; `what` is one sentence for people.
  virtual void skipped(boost::json::object identity, std::string what) = 0;
  virtual void state_changed() = 0;  // up, or the trouble; or what relist() asked for failed
};

struct ReflectorTimes {
  std::chrono::milliseconds silence{180000};  // a bookmark comes about every minute: three without a word are dead
  std::chrono::milliseconds first_pause{200}, longest_pause{30000};  // between tries: see Backoff
};

class Reflector {
 public:
  struct State {
    bool listed = false;                                   // at least one list is complete
    bool up = false;                                       // the last exchange went well, or the watch is alive
    std::chrono::steady_clock::time_point last_contact{};  // event, bookmark, page or clean end of a watch
    std::string trouble;                                   // if !up: why, and what to do
    std::string version;                                   // of the API, as served: "v1"
    // Complete lists; watches that the server took; changes told; positions that it has forgotten (410); exchanges that
    // failed otherwise; objects passed over.
    std::uint64_t lists = 0, watches = 0, events = 0, expired = 0, failures = 0, skipped = 0;
  };

  // `object_size`: of one object as JSON, in octets. `api` and `listener` outlive stop(), and may be destroyed then.
  Reflector(boost::asio::io_context& loop, Api& api, Resource resource, std::uint64_t object_size, Listener& listener,
            ReflectorTimes times = {});
  ~Reflector();  // stops

  void start();
  // A complete list that begins after this call, soon, whatever the watch says. Ends in list_ends(), or in
  // state_changed() if it fails; it is tried again then.
  void relist();
  void stop();
  const State& state() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::kube
