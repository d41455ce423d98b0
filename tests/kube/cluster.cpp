#include "cluster.hpp"

#include <boost/json/serialize.hpp>

namespace meridian::test {
namespace {

namespace json = boost::json;

json::value object_of(const ApiServer& cluster, const kube::ObjectRef& entry) {
  return cluster.command("object", {{"kind", "serviceentries"}, {"name", entry.name}, {"namespace", entry.space}});
}

}  // namespace

ApiServer& fresh_cluster() {
  static ApiServer cluster;
  cluster.command("start");
  cluster.command("clear_faults");
  cluster.command("delete_crd");
  cluster.command("restore_crd");
  cluster.command("clear_log");
  return cluster;
}

kube::ObjectRef put_entry(const ApiServer& cluster, const std::string& space, const std::string& name,
                          const json::object& spec, std::string_view manager) {
  json::object whole{{"hosts", json::array{name + "." + space + ".global"}},
                     {"ports", json::array{json::object{{"number", 80}, {"name", "http"}, {"protocol", "HTTP"}}}},
                     {"resolution", "DNS"}};
  for (const auto& [key, value] : spec) whole[key] = value;
  const json::object entry{{"apiVersion", "networking.istio.io/v1"},
                           {"kind", "ServiceEntry"},
                           {"metadata", json::object{{"namespace", space}, {"name", name}}},
                           {"spec", whole}};
  const auto stored = cluster.command("put", {{"obj", entry}, {"manager", manager}});
  return {space, name, std::string(stored.at("metadata").at("uid").as_string())};
}

std::string addresses(const ApiServer& cluster, const kube::ObjectRef& entry) {
  const auto object = object_of(cluster, entry);
  if (object.is_null()) return "gone";
  const auto* list = object.at("spec").as_object().if_contains("addresses");
  return list ? json::serialize(*list) : "none";
}

void patch_entry(const ApiServer& cluster, const kube::ObjectRef& entry, std::string_view manager,
                 const json::object& spec) {
  cluster.command("patch", {{"kind", "serviceentries"},
                            {"name", entry.name},
                            {"namespace", entry.space},
                            {"manager", manager},
                            {"patch", json::object{{"spec", spec}}}});
}

void remove_entry(const ApiServer& cluster, const kube::ObjectRef& entry) {
  cluster.command("remove", {{"kind", "serviceentries"}, {"name", entry.name}, {"namespace", entry.space}});
}

std::string owners(const ApiServer& cluster, const kube::ObjectRef& entry) {
  std::string names;
  const auto object = object_of(cluster, entry);
  for (const auto& line : object.at("metadata").at("managedFields").as_array()) {
    if (json::serialize(line.at("fieldsV1")).find("\"f:addresses\"") == std::string::npos) continue;
    if (!names.empty()) names += ' ';
    names += line.at("manager").as_string();
  }
  return names;
}

std::size_t requests(const ApiServer& cluster, std::string_view method, std::string_view path) {
  return cluster.command("requests", {{"method", method}, {"path", path}}).as_array().size();
}

}  // namespace meridian::test
