#pragma once
// One Kubernetes Event (core v1) on a ServiceEntry, as client-go's recorder would write it. Pure.

#include <chrono>
#include <cstdint>
#include <string>

#include "kube/api.hpp"
#include "kube/object_ref.hpp"

namespace meridian::kube {

struct Event {
  using Time = std::chrono::system_clock::time_point;
  static constexpr std::size_t kLongestText = 1024;  // octets: the limit of events.k8s.io/v1 for a note

  ObjectRef entry;
  std::string reason;    // CamelCase
  std::string text;      // readable() already
  Time first{}, last{};  // when it was so
  std::uint32_t count = 1;
};

// Who tells, and in the words of which version of the API: "v1".
struct EventSource {
  std::string instance;
  std::string version = "v1";
};

// POST. The name is the entry's with `unique` in hexadecimal behind it, as client-go names them.
Request post_event(const Event& event, const EventSource& source, std::uint64_t unique);

}  // namespace meridian::kube
