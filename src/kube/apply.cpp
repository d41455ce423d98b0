#include "kube/apply.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

namespace meridian::kube {
namespace {

namespace json = boost::json;
using Kind = Verdict::Kind;

constexpr const char* kRemedy =
    "; give our ServiceAccount a ClusterRole with apiGroups [networking.istio.io], resources [serviceentries], verbs "
    "[patch]";

json::value parsed(const std::string& body) {
  boost::system::error_code bad;
  json::value value = json::parse(body, bad);
  return bad ? json::value() : value;
}

// The member at the end of a path, or null.
const json::value* at(const json::value& root, std::initializer_list<std::string_view> path) {
  const json::value* here = &root;
  for (const auto key : path) {
    const auto* object = here->if_object();
    here = object ? object->if_contains(key) : nullptr;
    if (!here) return nullptr;
  }
  return here;
}

std::string_view text_at(const json::value& root, std::initializer_list<std::string_view> path) {
  const auto* value = at(root, path);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

// Who has the list, of a cause like: conflict with "kubectl-edit" using networking.istio.io/v1
std::string_view manager_in(std::string_view message) {
  const auto begin = message.find('"');
  const auto end = begin == message.npos ? begin : message.find('"', begin + 1);
  return end == message.npos ? std::string_view() : message.substr(begin + 1, end - begin - 1);
}

struct Causes {
  std::string managers;    // that have what we want: "argocd", "kubectl-edit"
  bool conflict = false;   // of field managers
  bool other_uid = false;  // metadata.uid can't be changed: the entry was re-created
};

Causes causes_of(const json::value& status) {
  Causes found;
  const auto* causes = at(status, {"details", "causes"});
  if (!causes || !causes->is_array()) return found;
  for (const auto& cause : causes->get_array()) {
    if (text_at(cause, {"field"}) == "metadata.uid") found.other_uid = true;
    if (text_at(cause, {"reason"}) != "FieldManagerConflict") continue;
    found.conflict = true;
    const auto name = manager_in(text_at(cause, {"message"}));
    if (name.empty()) continue;
    if (!found.managers.empty()) found.managers += ", ";
    found.managers.append(1, '"').append(name).append(1, '"');
  }
  return found;
}

// A webhook may choose any status for its no; the API server's own words around it are what all of them share.
bool denied(std::string_view message) {
  return has(message, "denied the request") || has(message, "denied request") ||  // webhook, ValidatingAdmissionPolicy
         has(message, "ValidatingAdmissionPolicy");
}

Kind kind_of(unsigned code, const json::value& status, const Causes& causes) {
  const auto message = text_at(status, {"message"});
  if (denied(message)) return Kind::Denied;
  switch (code) {
    case 401:
      return Kind::Unreachable;
    case 403:  // to apply to what is missing is to create, which is not among our rights
      return has(message, "cannot create resource") ? Kind::Gone : Kind::Forbidden;
    case 404:  // of a path it says no name
      return text_at(status, {"details", "name"}).empty() ? Kind::NotServed : Kind::Gone;
    case 408:
      return Kind::Failed;
    case 409:
      if (causes.conflict) return Kind::Conflict;
      return has(message, "uid mismatch") || has(message, "UID in precondition") ? Kind::Gone : Kind::Failed;
    case 422:
      return causes.other_uid ? Kind::Gone : Kind::Invalid;
    case 429:
      return Kind::Throttled;
    default:
      return code >= 400 && code < 500 ? Kind::Invalid : Kind::Failed;
  }
}

std::string reason_for(Kind kind, const Causes& causes) {
  switch (kind) {
    case Kind::Conflict:
      return "spec.addresses belongs to " + (causes.managers.empty() ? "another field manager" : causes.managers);
    case Kind::Forbidden:
      return "not allowed (RBAC)";
    case Kind::Denied:
      return "an admission webhook or policy says no";
    case Kind::Invalid:
      return "not accepted";
    default:
      return {};
  }
}

// The answer to an apply is the object as it now is. What is no such object proves nothing.
Verdict judge_object(const Response& response, const std::optional<std::string>& address) {
  const json::value object = parsed(response.body);
  if (!address || !at(object, {"spec"})) return {};
  const auto* list = at(object, {"spec", "addresses"});
  if (list && list->is_array() && list->get_array().size() == 1 && list->get_array()[0] == json::value(*address))
    return {};
  return {Kind::NotKept, "accepted, but spec.addresses is then " + (list ? json::serialize(*list) : "absent") +
                             ": an admission webhook changes it"};
}

}  // namespace

std::string other_version(std::string_view version) {
  return version == "v1" ? "v1beta1" : version == "v1beta1" ? "v1alpha3" : "v1";
}

Request apply_addresses(const ObjectRef& entry, const std::string& version, const std::optional<std::string>& address) {
  json::object body{
      {"apiVersion", "networking.istio.io/" + version},
      {"kind", "ServiceEntry"},
      {"metadata", {{"namespace", entry.space}, {"name", entry.name}, {"uid", entry.uid}}},
  };
  // Not an empty spec to let go: that would make us the owner of an empty spec.
  if (address) body["spec"] = json::object{{"addresses", json::array{*address}}};
  return {
      .method = Method::Patch,
      .target = "/apis/networking.istio.io/" + version + "/namespaces/" + percent_encode(entry.space) +
                "/serviceentries/" + percent_encode(entry.name) + "?fieldManager=" + kFieldManager + "&force=false",
      .body = json::serialize(body),
      .content_type = "application/apply-patch+yaml",  // JSON is YAML
      .deadline = std::chrono::seconds(35),            // a webhook may take 30 s, and what it says then is worth having
  };
}

Verdict judge(const Response& response, const std::optional<std::string>& address) {
  if (response.status >= 200 && response.status < 300) return judge_object(response, address);
  const json::value status = parsed(response.body);
  const Causes causes = causes_of(status);
  const Kind kind = kind_of(response.status, status, causes);
  const std::string reason = reason_for(kind, causes);
  const std::string remedy = kind == Kind::Forbidden ? kRemedy : "";
  return {kind, (reason.empty() ? "" : reason + ": ") + explain(response) + remedy, response.retry_after};
}

}  // namespace meridian::kube
