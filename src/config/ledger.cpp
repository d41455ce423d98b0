// Where VIPs are remembered, and what else of `vip` needs a cluster.

#include <algorithm>

#include "kubernetes_name.hpp"
#include "sections.hpp"
#include "source_lookup.hpp"

namespace meridian::config {
namespace {

constexpr std::string_view kLedgers =
    "sqlite, or {kubernetes: {source: NAME, namespace: istio-system, name: meridian}}";

// The names of ConfigMaps are this one's with a number behind it.
constexpr std::size_t kLongestLedgerName = 63;  // it is the value of a label on every shard, too

void read_ledger_kind(const Value& value, std::optional<KubernetesLedger>& out) {
  if (value.is("sqlite")) return value.accept();
  if (value.kind() != Node::Kind::Map) return value.refuse(kLedgers);
  Section kinds(value);
  const auto kubernetes = kinds.take("kubernetes");
  kinds.finish();
  if (!kubernetes) {
    if (value.report().sound(value.path())) value.refuse(kLedgers);  // an empty mapping
    return;
  }
  auto& ledger = out.emplace();
  value.accept();
  Section keys(*kubernetes);
  keys.read("source", ledger.source, text(63, "the name of a source of kind kubernetes"));
  keys.read("namespace", ledger.space, namespace_name());
  keys.read("name", ledger.name, object_name(kLongestLedgerName));
  keys.finish();
}

// "a, b"; empty: there is none.
std::string kubernetes_sources(const Config& config) {
  std::string out;
  for (const auto& source : config.sources)
    if (source.kubernetes) out += (out.empty() ? "" : ", ") + source.name;
  return out;
}

void check_ledger_source(Config& config, const std::string& clusters, Report& report) {
  constexpr std::string_view kPath = "vip.ledger.kubernetes.source";
  auto& name = config.vip.ledger->source;
  const auto refuse = [&](const std::string& sentence) {
    report.error(kPath, report.blame({kPath, "vip.ledger"}), std::string(kPath) + ": " + sentence);
  };
  const auto count = std::count_if(config.sources.begin(), config.sources.end(),
                                   [](const Source& source) { return source.kubernetes.has_value(); });
  if (count == 0) {
    return refuse(
        "there is no cluster to keep the ledger in; expected a source such as kubernetes: {}, or ledger: sqlite");
  }
  const Source* named = name.empty() ? first_cluster(config) : find_source(config, name);
  if (name.empty() && count > 1) return refuse("is not given; expected one of " + clusters);
  if (!named) return refuse("no source is named " + quote(name) + "; expected one of " + clusters);
  if (!named->kubernetes) return refuse(quote(name) + " is a source of files; expected one of " + clusters);
  name = named->name;
}

}  // namespace

void read_ledger(Section& keys, Vip& vip) {
  if (const auto ledger = keys.take("ledger")) read_ledger_kind(*ledger, vip.ledger);
  keys.read("write-back", vip.write_back,
            one_of<Vip::WriteBack>({{"none", Vip::WriteBack::None}, {"spec", Vip::WriteBack::Spec}}));
  if (const auto admiral = keys.take("exclude-admiral"); admiral && !admiral->is("")) {
    vip.exclude_admiral = admiral->as(config_map_name());
    if (vip.exclude_admiral) admiral->accept();
  }
}

void check_ledger(Config& config, Report& report) {
  const auto& vip = config.vip;
  if (vip.write_back == Vip::WriteBack::Spec && !vip.ledger && report.sound("vip.ledger")) {
    report.error("vip.write-back", report.blame({"vip.write-back"}),
                 "vip.write-back: spec needs a ledger that all replicas share; expected vip.ledger: {kubernetes: {}} "
                 "too, or none");
  }
  if (!report.sound("sources")) return;  // what they are is not known
  const auto clusters = kubernetes_sources(config);
  if (vip.ledger && report.sound("vip.ledger")) check_ledger_source(config, clusters, report);
  if (vip.exclude_admiral && clusters.empty()) {
    report.error("vip.exclude-admiral", report.blame({"vip.exclude-admiral"}),
                 "vip.exclude-admiral: there is no cluster to read " + vip.exclude_admiral->space + "/" +
                     vip.exclude_admiral->name + " from; expected a source such as kubernetes: {}, or \"\"");
  }
}

}  // namespace meridian::config
