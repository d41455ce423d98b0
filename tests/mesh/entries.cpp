#include "mesh/entries.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace meridian::mesh::testing {
namespace {

namespace json = boost::json;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

json::array list(const std::string& text) {
  const auto parts = split(text, ',');
  return json::array(parts.begin(), parts.end());
}

json::array ports(const std::string& text) {
  json::array out;
  for (const std::string& port : split(text, ',')) {
    const auto parts = split(port, ':');
    out.push_back({{"name", parts.at(0)},
                   {"number", std::stoi(parts.at(1))},
                   {"protocol", parts.size() > 2 ? parts[2] : "HTTP"}});
  }
  return out;
}

json::array status(const std::string& text) {
  json::array out;
  for (const std::string& line : split(text, ',')) {
    const auto parts = split(line, '@');
    out.push_back({{"value", parts.at(0)}, {"host", parts.at(1)}});
  }
  return out;
}

}  // namespace

json::value document(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string word;
  words >> word;
  const auto key = split(word, '/');
  json::object metadata{{"namespace", key.at(0)}, {"name", key.at(1)}};
  json::object labels, annotations, state;
  json::object spec{{"resolution", "STATIC"}};
  while (words >> word) {
    const std::string name = word.substr(0, word.find('='));
    const std::string value = name.size() < word.size() ? word.substr(name.size() + 1) : "";
    if (name == "created")
      metadata["creationTimestamp"] = value + "T00:00:00Z";
    else if (name == "hosts")
      spec["hosts"] = list(value);
    else if (name == "addresses")
      spec["addresses"] = list(value);
    else if (name == "written") {
      spec["addresses"] = list(value);
      metadata["managedFields"] = {{{"manager", "meridian"},
                                    {"operation", "Apply"},
                                    {"fieldsV1", {{"f:spec", {{"f:addresses", json::object()}}}}}}};
    } else if (name == "resolution")
      spec["resolution"] = value;
    else if (name == "export")
      spec["exportTo"] = list(value);
    else if (name == "ports")
      spec["ports"] = ports(value);
    else if (name == "endpoints")
      spec["endpoints"] = {{{"address", "10.0.0.1"}}};
    else if (name == "selector")
      spec["workloadSelector"] = {{"labels", json::object()}};
    else if (name == "status")
      state["addresses"] = status(value);
    else if (name == "allocate")
      labels["networking.istio.io/enable-autoallocate-ip"] = value;
    else if (name == "vip")
      annotations["meridian.internal/vip"] = value;
    else if (name == "ttl")
      annotations["meridian.internal/ttl"] = value;
    else
      throw std::runtime_error("no such word in an entry: " + word);
  }
  metadata["labels"] = std::move(labels);
  metadata["annotations"] = std::move(annotations);
  return {{"apiVersion", "networking.istio.io/v1"},
          {"kind", "ServiceEntry"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)},
          {"status", std::move(state)}};
}

std::shared_ptr<const ServiceEntry> entry(std::string_view line) {
  Decoded decoded = decode(document(line));
  if (!decoded.entry) throw std::runtime_error(std::string(line) + ": " + decoded.problem);
  return std::make_shared<const ServiceEntry>(std::move(*decoded.entry));
}

std::string summary(const std::optional<Host>& host) {
  if (!host) return "nothing";
  std::string out(host->served ? to_text(host->source) : "unserved");
  for (const Address& address : host->addresses) out += " " + address.to_string();
  if (host->pin) out += " pin " + host->pin->to_string();
  out += " by";
  for (const EntryKey& key : host->entries) out += " " + key.to_text();
  if (!host->losers.empty()) out += " not";
  for (const EntryKey& key : host->losers) out += " " + key.to_text();
  return out;
}

std::string joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : std::string(separator)) + text;
  return out;
}

std::string joined(const std::vector<Address>& addresses) {
  std::vector<std::string> texts;
  for (const Address& address : addresses) texts.push_back(address.to_string());
  return joined(texts);
}

}  // namespace meridian::mesh::testing
