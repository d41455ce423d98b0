// A source that is the API server of a cluster.

#include <set>

#include "kubernetes_name.hpp"
#include "label_selector.hpp"
#include "sections.hpp"

namespace meridian::config {
namespace {

Form<std::filesystem::path> kubeconfig_path() {
  auto form = path("the path of a file, or \"\" for the service account of the pod");
  return {std::move(form.expected), [parse = std::move(form.parse)](std::string_view text) {
            return text.empty() ? std::optional<std::filesystem::path>(std::in_place) : parse(text);
          }};
}

void read_namespaces(Section& keys, std::vector<std::string>& namespaces) {
  const auto list = keys.take("namespaces");
  if (!list || !Section::read_elements(*list, namespaces, namespace_name())) return;
  auto& report = list->report();
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (seen.insert(namespaces[i]).second) continue;
    const auto path = list->path() + "[" + std::to_string(i) + "]";
    report.error(path, report.blame({path}),
                 list->path() + ": " + namespaces[i] + " is here twice; expected each namespace once");
  }
}

void read_label_selector(Section& keys, std::string& selector) {
  const auto value = keys.take("label-selector");
  if (!value) return;
  const auto written = value->as(text(1u << 16, "a label selector such as team=shop,tier in (web, api),!internal"));
  if (!written) return;
  if (const auto fault = fault_in_selector(*written)) return value->error(*fault);
  selector = *written;
}

// The order that client-go asks for. A holder that can't renew has stopped before another replica may take over; and
// it has tried more than once, also where a pause takes a fifth longer than asked for.
void check_lease(const Kubernetes::Lease& lease, const std::string& path, Report& report) {
  const auto duration = path + ".duration", renew = path + ".renew", retry = path + ".retry";
  const bool sound = report.sound(renew);
  if (sound && report.sound(duration) && lease.renew >= lease.duration) {
    report.error(renew, report.blame({renew, duration}),
                 renew + ": " + to_text(lease.renew) + " is not below " + duration + ", " + to_text(lease.duration) +
                     "; expected less, so that a replica stops writing before another one begins");
  }
  if (sound && report.sound(retry) && 5 * lease.renew <= 6 * lease.retry) {
    report.error(retry, report.blame({retry, renew}),
                 retry + ": " + to_text(lease.retry) + " is too long for " + renew + ", " + to_text(lease.renew) +
                     "; expected renew to be more than 1.2 times retry, so that one failure is not the end");
  }
}

void read_lease(const Value& value, Kubernetes::Lease& lease) {
  // The API counts in seconds; in a day or more nobody would wait for the next holder.
  const auto form = whole_seconds(seconds(1), std::chrono::hours(24));
  Section keys(value);
  keys.read("duration", lease.duration, form);
  keys.read("renew", lease.renew, form);
  keys.read("retry", lease.retry, form);
  keys.finish();
  check_lease(lease, value.path(), value.report());
}

}  // namespace

Kubernetes read_kubernetes(const Value& value) {
  Kubernetes kubernetes;
  Section keys(value);
  keys.read("kubeconfig", kubernetes.kubeconfig, kubeconfig_path());
  const auto context = keys.take("context");
  if (context) {
    if (auto name = context->as(text(4096, "the name of a context in the kubeconfig, or \"\" for its current one")))
      kubernetes.context = std::move(*name);
  }
  read_namespaces(keys, kubernetes.namespaces);
  read_label_selector(keys, kubernetes.label_selector);
  if (const auto lease = keys.take("lease")) read_lease(*lease, kubernetes.lease);
  keys.finish();
  if (!kubernetes.context.empty() && kubernetes.kubeconfig.empty() &&
      value.report().sound(value.path() + ".kubeconfig")) {
    context->error(quote(kubernetes.context) +
                   " is a context of no kubeconfig; expected kubeconfig: and its path, too");
  }
  return kubernetes;
}

}  // namespace meridian::config
