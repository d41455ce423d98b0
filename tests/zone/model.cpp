#include "zone/model.hpp"

#include <algorithm>

namespace meridian::test {
namespace {

std::string parent(const std::string& name) {
  return name.substr(name.find('.') + 1);
}

// Whether a label in front of `suffix` begins with an underscore.
bool has_underscore(const std::string& name, const std::string& suffix) {
  const std::string front = "." + name.substr(0, name.size() - suffix.size());
  return front.find("._") != std::string::npos;
}

}  // namespace

Model::Model(std::string apex, zone::Wildcards wildcards) : apex_(std::move(apex)), wildcards_(wildcards) {}

bool Model::exists(const std::string& name) const {
  const auto shows = [&](const std::string& owner) { return owner == name || owner.ends_with("." + name); };
  return shows("ns.dns." + apex_) || std::any_of(put.begin(), put.end(), [&](const auto& p) { return shows(p.first); });
}

std::set<std::string> Model::names() const {
  std::set<std::string> owners = {apex_, "ns.dns." + apex_};
  for (const auto& [owner, host] : put) owners.insert(owner);
  std::set<std::string> names;
  for (std::string name : owners) {
    for (; name != apex_; name = parent(name)) names.insert(name);
    names.insert(apex_);
  }
  return names;
}

std::size_t Model::hosts() const {
  return static_cast<std::size_t>(std::count_if(put.begin(), put.end(), [](const auto& p) { return p.second.host; }));
}

std::string Model::show(const std::string& kind, const std::string& owner) const {
  const Host& host = put.at(owner);
  if (host.pending && kind != "meta" && owner != apex_) return "not-ready";  // an apex has its SOA and NS all along
  return kind + " " + owner + (host.address.empty() ? "" : " A " + host.address);
}

std::string Model::ask(const std::string& name) const {
  if (put.contains(name)) return show("exact", name);
  if (name == apex_) return ready ? "exact " + name : "not-ready";
  if (name == "ns.dns." + apex_) return ready ? "exact " + name + " A 192.0.2.53 AAAA 2001:db8::53" : "not-ready";

  const bool there = exists(name);
  if (!there && name.starts_with("_meta.")) {
    const auto host = put.find(parent(name));
    if (host != put.end() && host->second.host) return show("meta", host->first);
  }
  const std::string wildcard = wildcards_ == zone::Wildcards::Istio ? istio(name) : there ? "" : rfc4592(name);
  if (!wildcard.empty()) return wildcard;
  return !ready ? "not-ready" : there ? "ent" : "none";
}

std::string Model::istio(const std::string& name) const {
  for (std::string suffix = parent(name);; suffix = parent(suffix)) {
    if (put.contains("*." + suffix) && !has_underscore(name, suffix)) return show("wildcard", "*." + suffix);
    if (suffix == apex_) return "";
  }
}

std::string Model::rfc4592(const std::string& name) const {
  std::string encloser = parent(name);
  while (!exists(encloser)) encloser = parent(encloser);
  const std::string source = "*." + encloser;
  if (put.contains(source)) return show("wildcard", source);
  if (exists(source)) return ready ? "ent" : "not-ready";
  return "";
}

}  // namespace meridian::test
