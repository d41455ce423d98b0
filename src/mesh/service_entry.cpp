#include <meridian/mesh/service_entry.hpp>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>
#include <unordered_set>
#include <utility>

#include <meridian/mesh/field_ownership.hpp>
#include <meridian/mesh/host_name.hpp>
#include <meridian/mesh/json_field.hpp>
#include <meridian/mesh/timestamp.hpp>
#include <meridian/mesh/ttl.hpp>

namespace meridian::mesh {
namespace {

namespace json = boost::json;

constexpr std::string_view kGroup = "networking.istio.io/";
constexpr std::array<std::string_view, 3> kVersions = {"v1", "v1beta1", "v1alpha3"};
constexpr std::string_view kAutoAllocateLabel = "networking.istio.io/enable-autoallocate-ip";
constexpr std::string_view kVipAnnotation = "meridian.internal/vip";
constexpr std::string_view kTtlAnnotation = "meridian.internal/ttl";
constexpr std::string_view kWrittenVip = "meridian.internal/written-vip";  // of encode() alone, beside metadata
constexpr std::uint16_t kMeshGatewayPort = 15443;  // Istio's AUTO_PASSTHROUGH port for traffic between clusters

constexpr std::array<std::pair<Resolution, std::string_view>, 5> kResolutions = {{
    {Resolution::None, "NONE"},
    {Resolution::Static, "STATIC"},
    {Resolution::Dns, "DNS"},
    {Resolution::DnsRoundRobin, "DNS_ROUND_ROBIN"},
    {Resolution::DynamicDns, "DYNAMIC_DNS"},
}};

// The entry cannot be served at all; the text says why and what to do.
class Refused : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

// Reads one document into a Decoded. Throws Refused or WrongType where the entry is skipped whole.
class Decoder {
 public:
  explicit Decoder(Decoded& out) : key_(out.key), warnings_(out.warnings) {}

  ServiceEntry read(const JsonField& document) {
    metadata(document.member("metadata"));
    const JsonField spec = document.member("spec");
    hosts(spec.member("hosts"));
    const WrittenList written =
        written_list(document.member("metadata").member("managedFields"), spec.member("addresses"));
    if (!written.warning.empty()) warnings_.push_back(written.warning);
    entry_.has_written_list = written.ours;
    entry_.written_vip = written.vip;
    if (!written.ours) addresses(spec.member("addresses"));
    encoded(document.member(kWrittenVip));
    ports(spec.member("ports"));
    resolution(spec.member("resolution"));
    endpoints(spec.member("endpoints"), spec.member("workloadSelector"));
    for (const JsonField& space : spec.member("exportTo").elements()) entry_.export_to.emplace_back(space.text());
    status(document.member("status").member("addresses"));
    return std::move(entry_);
  }

 private:
  void warn(const JsonField& field, std::string_view found, std::string_view what) {
    warnings_.push_back(field.path() + ": " + quoted(found) + " " + std::string(what));
  }

  void metadata(const JsonField& metadata) {
    key_.space = metadata.member("namespace").text();
    if (key_.space.empty()) key_.space = "default";
    key_.name = metadata.member("name").text();
    if (key_.name.empty()) throw Refused("metadata.name is missing: give the entry a name");
    entry_.key = key_;
    entry_.uid = metadata.member("uid").text();
    entry_.resource_version = metadata.member("resourceVersion").text();
    if (const JsonField created = metadata.member("creationTimestamp")) {
      entry_.created = parse_timestamp(created.text());
      if (!entry_.created) warn(created, created.text(), "is no RFC 3339 time; the entry counts as the oldest");
    }
    entry_.auto_allocate = folded(metadata.member("labels").member(kAutoAllocateLabel).scalar()) != "false";
    vip(metadata.member("annotations").member(kVipAnnotation));
    ttl(metadata.member("annotations").member(kTtlAnnotation));
  }

  void vip(const JsonField& annotation) {
    if (!annotation) return;
    const std::string text = annotation.scalar();
    entry_.vip_opt_out = folded(text) == "none";
    if (entry_.vip_opt_out) return;
    const auto address = parse_address(text);
    if (address && !address->is_unspecified() && !address->is_multicast()) {
      entry_.vip_pin = address;
    } else {
      warn(annotation, text, "is no address to pin: write one such as 245.1.2.3, or none");
    }
  }

  void ttl(const JsonField& annotation) {
    if (!annotation) return;
    const std::string text = annotation.scalar();
    entry_.ttl = parse_ttl(text);
    if (!entry_.ttl) warn(annotation, text, "is no TTL: write a duration such as 30s, 5m or 1h, below 2^31 seconds");
  }

  void hosts(const JsonField& hosts) {
    std::unordered_set<std::string> seen;
    const auto fields = hosts.elements();
    for (const JsonField& field : fields) {
      std::string host = canonical_host(field.text());
      if (host == "*") throw Refused(field.path() + " is \"*\": name a host, or a wildcard such as *.bar.global");
      if (const auto why = refuse_host(host)) {
        warn(field, field.text(), *why + "; this host is not served");
      } else if (seen.insert(host).second) {
        entry_.hosts.push_back(std::move(host));
      }
    }
    if (fields.empty()) throw Refused("spec.hosts is empty: name at least one host");
    if (entry_.hosts.empty()) throw Refused("spec.hosts has no host that can be served; " + warnings_.back());
  }

  void addresses(const JsonField& addresses) {
    std::set<Address> seen;
    for (const JsonField& field : addresses.elements()) {
      entry_.has_spec_addresses = true;
      const Literal literal = parse_literal(field.text());
      if (!literal.note.empty()) warn(field, field.text(), literal.note + (literal.address ? "" : "; dropped"));
      if (literal.address && seen.insert(*literal.address).second) entry_.addresses.push_back(*literal.address);
    }
  }

  // A list that is there is what it is, whatever the field says that only encode() makes.
  void encoded(const JsonField& written_vip) {
    if (!written_vip || entry_.has_spec_addresses || entry_.has_written_list) return;
    entry_.has_written_list = true;
    entry_.written_vip = parse_address(written_vip.text());
  }

  void ports(const JsonField& ports) {
    for (const JsonField& field : ports.elements()) {
      const std::string name(field.member("name").text());
      const auto number = field.member("number").whole_number();
      if (!number || *number < 1 || *number > 65535) {
        warn(field, name, "has no number from 1 to 65535; this port has no SRV record");
        continue;
      }
      const bool udp = folded(field.member("protocol").text()) == "udp";
      entry_.ports.push_back({name, static_cast<std::uint16_t>(*number), udp});
    }
  }

  void resolution(const JsonField& field) {
    if (!field) return;
    const auto known = std::find_if(kResolutions.begin(), kResolutions.end(),
                                    [&](const auto& row) { return row.second == field.text(); });
    if (known == kResolutions.end()) {
      throw Refused("spec.resolution is " + quoted(field.text()) +
                    ": write NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS");
    }
    entry_.resolution = known->first;
  }

  void endpoints(const JsonField& endpoints, const JsonField& selector) {
    selector.members();  // what it selects is no business of ours, but it has to be an object
    entry_.has_selector = static_cast<bool>(selector);
    for (const JsonField& endpoint : endpoints.elements()) {
      entry_.has_endpoints = true;
      for (const JsonField& port : endpoint.member("ports").members()) {
        if (port.equals(kMeshGatewayPort)) entry_.mesh_gateway = true;
      }
    }
    if (entry_.has_selector && entry_.has_endpoints) {
      throw Refused("spec has both workloadSelector and endpoints: keep one of them");
    }
  }

  void status(const JsonField& addresses) {
    std::set<std::pair<Address, std::string>> seen;
    for (const JsonField& field : addresses.elements()) {
      const std::string_view value = field.member("value").text();
      const Literal literal = parse_literal(value);
      if (!literal.note.empty()) warn(field, value, literal.note + (literal.address ? "" : "; dropped"));
      if (!literal.address) continue;
      StatusAddress status{*literal.address, canonical_host(field.member("host").text())};
      if (seen.emplace(status.value, status.host).second) entry_.status_addresses.push_back(std::move(status));
    }
  }

  EntryKey& key_;
  Warnings& warnings_;
  ServiceEntry entry_;
};

}  // namespace

std::string_view to_text(Resolution resolution) {
  return kResolutions[static_cast<std::size_t>(resolution)].second;
}

bool usable_status(const ServiceEntry& entry, const StatusAddress& status) {
  return !entry.opts_out() && entry.resolution != Resolution::None &&
         std::find(entry.hosts.begin(), entry.hosts.end(), status.host) != entry.hosts.end();
}

bool is_service_entry(const json::object& document) {
  const json::value* kind = document.if_contains("kind");
  const json::value* version = document.if_contains("apiVersion");
  if (!kind || !kind->is_string() || kind->get_string() != "ServiceEntry") return false;
  if (!version || !version->is_string()) return false;
  std::string_view text(version->get_string().data(), version->get_string().size());
  if (!text.starts_with(kGroup)) return false;
  text.remove_prefix(kGroup.size());
  return std::find(kVersions.begin(), kVersions.end(), text) != kVersions.end();
}

Decoded decode(const json::value& document) {
  Decoded out;
  try {
    out.entry = Decoder(out).read(JsonField(document));
  } catch (const WrongType& e) {
    out.problem = e.what();
  } catch (const Refused& e) {
    out.problem = e.what();
  }
  return out;
}

json::value encode(const ServiceEntry& entry) {
  json::object metadata{{"namespace", entry.key.space}, {"name", entry.key.name}};
  if (!entry.uid.empty()) metadata["uid"] = entry.uid;
  if (!entry.resource_version.empty()) metadata["resourceVersion"] = entry.resource_version;
  if (entry.created) metadata["creationTimestamp"] = to_timestamp(*entry.created);
  if (!entry.auto_allocate) metadata["labels"] = {{kAutoAllocateLabel, "false"}};
  json::object annotations;
  if (entry.vip_opt_out) annotations[kVipAnnotation] = "none";
  if (entry.vip_pin) annotations[kVipAnnotation] = entry.vip_pin->to_string();
  if (entry.ttl) annotations[kTtlAnnotation] = std::to_string(entry.ttl->count()) + "s";
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);

  json::object spec{{"hosts", json::array(entry.hosts.begin(), entry.hosts.end())},
                    {"resolution", to_text(entry.resolution)}};
  json::array addresses;
  for (const Address& address : entry.addresses) addresses.emplace_back(address.to_string());
  if (addresses.empty() && entry.has_spec_addresses) addresses.emplace_back("0.0.0.0/0");  // there, and never served
  if (!addresses.empty()) spec["addresses"] = std::move(addresses);
  json::array ports;
  for (const Port& port : entry.ports) {
    ports.push_back({{"name", port.name}, {"number", port.number}, {"protocol", port.udp ? "UDP" : "TCP"}});
  }
  if (!ports.empty()) spec["ports"] = std::move(ports);
  json::object endpoint;
  if (entry.mesh_gateway) endpoint["ports"] = {{"gateway", kMeshGatewayPort}};
  if (entry.has_endpoints) spec["endpoints"] = json::array{std::move(endpoint)};
  if (entry.has_selector) spec["workloadSelector"] = json::object();
  if (!entry.export_to.empty()) spec["exportTo"] = json::array(entry.export_to.begin(), entry.export_to.end());

  json::object document{{"apiVersion", "networking.istio.io/v1"}, {"kind", "ServiceEntry"}};
  document["metadata"] = std::move(metadata);
  if (entry.has_written_list) document[kWrittenVip] = entry.written_vip ? entry.written_vip->to_string() : "";
  document["spec"] = std::move(spec);
  json::array status;
  for (const StatusAddress& address : entry.status_addresses) {
    status.push_back({{"value", address.value.to_string()}, {"host", address.host}});
  }
  if (!status.empty()) document["status"] = {{"addresses", std::move(status)}};
  return document;
}

}  // namespace meridian::mesh
