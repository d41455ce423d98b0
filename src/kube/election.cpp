#include "kube/election.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kube/object_reader.hpp"
#include "kube/timestamp.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;

// A Lease that was edited by hand may promise anything; nobody waits longer than this.
constexpr std::chrono::hours kLongestPromise{1};

json::object object_at(const json::object& parent, const char* key) {
  const auto* found = parent.if_contains(key);
  return found && found->is_object() ? found->get_object() : json::object();
}

std::int64_t number_at(const json::object& parent, const char* key) {
  const auto* found = parent.if_contains(key);
  boost::system::error_code wrong;
  const auto number = found ? found->to_number<std::int64_t>(wrong) : 0;
  return wrong ? 0 : number;
}

}  // namespace

Election::Election(std::string space, std::string name, std::string identity, config::Kubernetes::Lease times)
    : space_(std::move(space)), name_(std::move(name)), identity_(std::move(identity)), times_(times) {}

void Election::observe(std::optional<json::object> lease, Time now) {
  const auto spec_of = [](const auto& object) { return object ? object_at(*object, "spec") : json::object(); };
  if (lease.has_value() != lease_.has_value() || spec_of(lease) != spec_of(lease_)) observed_ = now;
  lease_ = std::move(lease);
  holder_ = text_at(spec_of(lease_), "holderIdentity");
  if (lease_ && holder_ != identity_) sent_.reset();
}

std::chrono::seconds Election::promised() const {
  const auto theirs = std::chrono::seconds(number_at(object_at(*lease_, "spec"), "leaseDurationSeconds"));
  return std::clamp<std::chrono::seconds>(theirs, times_.duration,
                                          std::max<std::chrono::seconds>(times_.duration, kLongestPromise));
}

bool Election::may_claim(Time now) const {
  if (!lease_ || holder_.empty() || holder_ == identity_) return true;
  return now - observed_ >= promised();
}

json::object Election::with_spec(json::object spec) const {
  json::object lease = lease_.value_or(json::object());
  lease["apiVersion"] = "coordination.k8s.io/v1";
  lease["kind"] = "Lease";
  auto metadata = object_at(lease, "metadata");
  metadata["name"] = name_;
  metadata["namespace"] = space_;
  lease["metadata"] = std::move(metadata);
  lease["spec"] = std::move(spec);
  return lease;
}

json::object Election::claim(WallTime now) const {
  auto spec = lease_ ? object_at(*lease_, "spec") : json::object();
  const auto time = to_microseconds(now);
  if (holder_ != identity_ || !spec.contains("acquireTime")) spec["acquireTime"] = time;
  const auto transitions = std::clamp<std::int64_t>(number_at(spec, "leaseTransitions"), 0, INT32_MAX - 1);
  spec["leaseTransitions"] = transitions + (lease_ && holder_ != identity_ ? 1 : 0);
  spec["holderIdentity"] = identity_;
  spec["leaseDurationSeconds"] = times_.duration.count();
  spec["renewTime"] = time;
  return with_spec(std::move(spec));
}

void Election::won(json::object lease, Time sent) {
  observe(std::move(lease), sent);
  if (holder_ == identity_) sent_ = sent;
}

json::object Election::released(WallTime now) const {
  auto spec = lease_ ? object_at(*lease_, "spec") : json::object();
  const auto time = to_microseconds(now);
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["acquireTime"] = time;
  spec["renewTime"] = time;
  return with_spec(std::move(spec));
}

}  // namespace meridian::kube
