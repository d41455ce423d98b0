#include "kube/apply.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

namespace meridian::kube {
namespace {

namespace json = boost::json;
using Kind = Verdict::Kind;

const ObjectRef kEntry{"prod", "reviews", "6f1b"};

std::string status(const char* message, const char* details = "{}") {
  return std::string(R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")") + message +
         R"(","details":)" + details + "}";
}

TEST_CASE("a write to the API server") {
  const Request request = apply_addresses(kEntry, "v1beta1", "245.1.2.3");
  SUBCASE("is a server-side apply as meridian that is never forced") {
    CHECK(request.method == Method::Patch);
    CHECK(request.target ==
          "/apis/networking.istio.io/v1beta1/namespaces/prod/serviceentries/reviews?fieldManager=meridian&force=false");
    CHECK(request.content_type == "application/apply-patch+yaml");
  }
  SUBCASE("holds the uid and one address, and nothing of anybody else") {
    CHECK(json::parse(request.body) == json::parse(R"({
      "apiVersion": "networking.istio.io/v1beta1", "kind": "ServiceEntry",
      "metadata": {"namespace": "prod", "name": "reviews", "uid": "6f1b"},
      "spec": {"addresses": ["245.1.2.3"]}})"));
  }
  SUBCASE("that takes our address back applies nothing") {
    CHECK(json::parse(apply_addresses(kEntry, "v1", std::nullopt).body) == json::parse(R"({
      "apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
      "metadata": {"namespace": "prod", "name": "reviews", "uid": "6f1b"}})"));
  }
  SUBCASE("keeps to its object, whatever that is called") {
    CHECK(apply_addresses({"a/b", "c?d", "1"}, "v1", {})
              .target.starts_with("/apis/networking.istio.io/v1/namespaces/a%2Fb/serviceentries/c%3Fd?"));
  }
}

TEST_CASE("an answer to a write") {
  const auto wrong_uid = R"({"causes":[{"reason":"FieldValueInvalid","field":"metadata.uid","message":"immutable"}]})";
  const auto managers = R"({"causes":[
    {"reason":"FieldManagerConflict","field":".spec.addresses","message":"conflict with \"argocd\" using x/v1"},
    {"reason":"FieldManagerConflict","field":".spec.addresses","message":"conflict with \"kubectl-edit\" using x/v1"}]})";
  const struct {
    const char* title;
    unsigned status;
    std::string body;
    Kind kind;
    const char* text;  // part of it
  } cases[] = {
      {"that shows our list: done", 200, R"({"spec":{"addresses":["245.1.2.3"]}})", Kind::Done, ""},
      {"that is no object: done, as far as one can tell", 200, "ok", Kind::Done, ""},
      {"that shows another list", 200, R"({"spec":{"addresses":["10.0.0.1"]}})", Kind::NotKept, R"(["10.0.0.1"])"},
      {"that shows one address too many", 200, R"({"spec":{"addresses":["245.1.2.3","10.0.0.1"]}})", Kind::NotKept, ""},
      {"that shows no list", 200, R"({"spec":{"hosts":["a.global"]}})", Kind::NotKept, "is then absent"},
      {"that names the owners of the list", 409, status("Apply failed with 2 conflicts", managers), Kind::Conflict,
       R"(belongs to "argocd", "kubectl-edit": status 409: Apply failed)"},
      {"that says only that there is a conflict", 409,
       status("Apply failed with 1 conflict", R"({"causes":[{"reason":"FieldManagerConflict","field":".spec"}]})"),
       Kind::Conflict, "another field manager"},
      {"that an entry with this uid is not there", 409,
       status(
           "Operation cannot be fulfilled on x: uid mismatch: the provided object specified uid 6f1b, and no existing "
           "object was found"),
       Kind::Gone, "uid mismatch"},
      {"that the uid is another's (422)", 422, status("ServiceEntry x is invalid: metadata.uid", wrong_uid), Kind::Gone,
       ""},
      {"that the uid is another's (409)", 409,
       status("Precondition failed: UID in precondition: 6f1b, UID in object meta: 7"), Kind::Gone, ""},
      {"that another write came between", 409, status("the object has been modified; please apply your changes"),
       Kind::Failed, "modified"},
      {"that the entry is not there", 404, status("x not found", R"({"name":"reviews","kind":"serviceentries"})"),
       Kind::Gone, "not found"},
      {"that the path is not served", 404, "404 page not found\n", Kind::NotServed, "page not found"},
      {"that RBAC forbids", 403, status("x is forbidden: User y cannot patch resource"), Kind::Forbidden,
       "verbs [patch]"},
      {"that RBAC forbids to create what has gone", 403, status("x is forbidden: User y cannot create resource"),
       Kind::Gone, ""},
      {"that a webhook denies", 403, status("admission webhook w denied the request: not here"), Kind::Denied,
       "not here"},
      {"that a webhook denies, in its own way", 500, status("admission webhook w denied the request: no"), Kind::Denied,
       "webhook"},
      {"that an admission policy denies", 422,
       status("x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"), Kind::Denied, "no"},
      {"that the entry would not be valid", 422, status("ServiceEntry x is invalid: spec.hosts: Required value"),
       Kind::Invalid, "Required value"},
      {"of a server that knows no apply", 415, status("the body of the request was in an unknown format"),
       Kind::Invalid, ""},
      {"that there is too much to do", 429, status("storage is (re)initializing"), Kind::Throttled, "initializing"},
      {"that our credentials are not good", 401, status("Unauthorized"), Kind::Unreachable, "Unauthorized"},
      {"that a webhook is broken", 500, status("Internal error occurred: failed calling webhook w: timeout"),
       Kind::Failed, "timeout"},
      {"of a proxy", 502, "<html>", Kind::Failed, "502"},
      {"that leads elsewhere", 302, "", Kind::Failed, "302"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto verdict = judge({.status = c.status, .body = c.body, .retry_after = {}}, "245.1.2.3");
      CHECK(verdict.kind == c.kind);
      CAPTURE(verdict.text);
      CHECK(verdict.text.find(c.text) != std::string::npos);
      CHECK(verdict.text.empty() == (c.kind == Kind::Done));
    }
  }
  SUBCASE("keeps what the server asks for") {
    const auto verdict = judge({.status = 503, .body = "", .retry_after = std::chrono::seconds(7)}, {});
    CHECK(verdict.retry_after == std::chrono::seconds(7));
  }
  SUBCASE("to a taking back is done, whoever has a list now") {
    CHECK(judge({.status = 200, .body = R"({"spec":{"addresses":["10.0.0.1"]}})", .retry_after = {}}, {}).kind ==
          Kind::Done);
  }
}

}  // namespace
}  // namespace meridian::kube
