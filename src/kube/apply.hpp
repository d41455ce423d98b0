#pragma once
// What write-back says to the API server, and what the server's answers mean. Pure.
//
// Server-side apply keeps, for each field manager, the set of fields it has applied. Applying a list makes it ours, and
// is a conflict if another manager has one; applying nothing takes away what is ours and of nobody else. So a list that
// a user wrote can be neither overwritten nor taken away by us, whenever he wrote it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/api.hpp"
#include "kube/object_ref.hpp"

namespace meridian::kube {

inline constexpr const char* kFieldManager = "meridian";

// The version of ServiceEntry to try when the server does not serve `version`: "v1", "v1beta1", "v1alpha3", and round.
std::string other_version(std::string_view version);

// spec.addresses of `entry` shall be [address], as ours; without an address, whatever list is ours shall go. `version`
// is that of the API as the server serves it: "v1". The uid keeps the server from creating an entry that has gone.
Request apply_addresses(const ObjectRef& entry, const std::string& version, const std::optional<std::string>& address);

// What came of one write.
struct Verdict {
  enum class Kind : std::uint8_t {
    Done,
    // The server said no to this write. Somebody has to do something before it says yes:
    Conflict,   // another field manager has a list
    Forbidden,  // RBAC: holds for the namespace
    Denied,     // an admission webhook or policy
    Invalid,    // the entry as it would be is not valid, or the server does not know such requests
    NotKept,    // it said yes, and the list is another: a mutating webhook
    // The object that was meant is not there any more:
    Gone,
    // It was not decided. Holds for this write:
    Failed,     // 5xx, a lost race
    NotServed,  // 404 of the path: the definition, or this version of it, is away
    // ... and for the server:
    Throttled,    // 429
    Unreachable,  // no answer, or a 401
  };
  Kind kind = Kind::Done;
  std::string text{};  // for people; empty if Done
  std::optional<std::chrono::seconds> retry_after{};
  bool refused() const { return kind >= Kind::Conflict && kind <= Kind::NotKept; }
  bool of_server() const { return kind >= Kind::Throttled; }
};
Verdict judge(const Response& response, const std::optional<std::string>& address);

}  // namespace meridian::kube
