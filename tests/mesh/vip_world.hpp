#pragma once
// Entries, a ledger and a memory in a few words, and the groups of hosts that they make, in one line.

#include <doctest/doctest.h>

#include <map>
#include <meridian/mesh/vip_groups.hpp>
#include <string>
#include <vector>

#include "mesh/entries.hpp"

namespace meridian::mesh::testing {

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Entries, what the ledger has ("a=245.0.0.1 b=245.0.0.2") and whom our memory has sharing ("b>a c>a"). Hosts are below
// "global", so "a" is short for a.global in what is told and not in entries.
struct World {
  explicit World(const std::vector<std::string>& entries, const std::string& ledger = "",
                 const std::string& memory = "", Rules rules = {.zones = {"global"}})
      : model(std::move(rules)) {
    for (const auto& line : entries)
      model.put(line.find("from=file") == line.npos ? 0 : 1, entry(line.substr(0, line.find(" from="))));
    for (const auto& line : split(ledger, ' ')) {
      vips[split(line, '=')[0] + ".global"] = boost::asio::ip::make_address(split(line, '=')[1]);
    }
    for (const auto& line : split(memory, ' ')) {
      shared.remember({split(line, '>')[0] + ".global"}, split(line, '>')[1] + ".global");
    }
  }

  VipGroups groups(const std::string& host, bool settled = true) const {
    const VipFacts facts{[&](std::string_view name) { return vips.contains(std::string(name)); },
                         [&](const Address& address) -> std::optional<std::string> {
                           for (const auto& [name, vip] : vips) {
                             if (vip == address) return name;
                           }
                           return std::nullopt;
                         },
                         [](unsigned source) { return source == 0; }, shared, settled};
    return group(host + ".global", model, facts);
  }

  // "a b: a by n/1 n/2; c: c from x by n/3 pin 245.0.0.9; not n/4": the hosts, the key, whom it is renamed from, the
  // entries and the pin of each group, then the entries that are in conflict.
  std::string told(const std::string& host, bool settled = true) const {
    const VipGroups found = groups(host, settled);
    std::vector<std::string> parts;
    for (const auto& group : found.groups) {
      std::string part = joined(group.hosts) + ": " + group.key;
      if (group.rename) part += " from " + group.rename->from;
      if (group.rename) CHECK(group.rename->to == group.key);
      if (!group.entries.empty()) part += " by";
      for (const auto& key : group.entries) part += " " + key.to_text();
      if (group.pin) part += " pin " + group.pin->to_string();
      parts.push_back(part);
    }
    for (const auto& refusal : found.refused) {
      if (refusal.conflict) parts.push_back("not " + refusal.entry.to_text() + (refusal.keeps_list ? " (keeps)" : ""));
    }
    std::string text = joined(parts, "; ");
    for (auto at = text.find(".global"); at != text.npos; at = text.find(".global")) text.erase(at, 7);
    return text;
  }

  Model model;
  std::map<std::string, Address> vips;
  SharedVips shared;
};

}  // namespace meridian::mesh::testing
