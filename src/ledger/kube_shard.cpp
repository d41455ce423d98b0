#include "ledger/kube_shard.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace meridian::ledger {
namespace {

namespace json = boost::json;

const json::object* object_at(const json::object& parent, const char* key) {
  const auto* found = parent.if_contains(key);
  return found ? found->if_object() : nullptr;
}

std::string text_at(const json::object* parent, const char* key) {
  const auto* found = parent ? parent->if_contains(key) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

json::object metadata_of(const LedgerName& ledger, const ShardWrite& write) {
  json::object notes;
  notes[kEpochNote] = std::to_string(write.epoch);
  notes[kHolderNote] = write.holder;
  if (write.shards > 0) notes[kShardsNote] = std::to_string(write.shards);
  if (write.per_entry) notes[kVipsNote] = kPerEntry;
  json::object metadata;
  metadata["labels"] = {{kLedgerLabel, ledger.name}};
  metadata["annotations"] = std::move(notes);
  return metadata;
}

}  // namespace

std::string shard_name(const LedgerName& ledger, int number) {
  return ledger.name + "-" + std::to_string(number);
}

std::optional<int> shard_number(const LedgerName& ledger, std::string_view config_map) {
  if (!config_map.starts_with(ledger.name + "-")) return std::nullopt;
  const auto number = parse_epoch(config_map.substr(ledger.name.size() + 1));
  if (!number || *number >= kMostShards) return std::nullopt;
  if (shard_name(ledger, static_cast<int>(*number)) != config_map) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<ShardVersion> identify_shard(const LedgerName& ledger, const json::object& config_map) {
  const auto* metadata = object_at(config_map, "metadata");
  const auto number = shard_number(ledger, text_at(metadata, "name"));
  auto version = text_at(metadata, "resourceVersion");
  if (!number || version.empty()) return std::nullopt;
  return ShardVersion{*number, std::move(version)};
}

std::optional<Shard> parse_shard(const LedgerName& ledger, const json::object& config_map) {
  auto which = identify_shard(ledger, config_map);
  if (!which) return std::nullopt;
  Shard shard;
  shard.number = which->number;
  shard.version = std::move(which->version);
  const auto* metadata = object_at(config_map, "metadata");
  const auto* notes = object_at(*metadata, "annotations");
  shard.epoch = parse_epoch(text_at(notes, kEpochNote)).value_or(0);
  shard.holder = text_at(notes, kHolderNote);
  const auto shards = parse_epoch(text_at(notes, kShardsNote)).value_or(0);
  if (shards <= kMostShards) shard.shards = static_cast<int>(shards);
  shard.per_entry = shard.number == 0 && text_at(notes, kVipsNote) == kPerEntry;
  shard.labelled = text_at(object_at(*metadata, "labels"), kLedgerLabel) == ledger.name;
  if (const auto* data = object_at(config_map, "data")) {
    for (const auto& [key, value] : *data) {
      const std::string_view text = value.is_string() ? std::string_view(value.get_string()) : std::string_view();
      if (auto line = parse_line(std::string_view(key.data(), key.size()), text)) {
        shard.lines.emplace(line->record.address, std::move(*line));
      } else {
        shard.damaged.emplace_back(key, text);
      }
    }
  }
  return shard;
}

std::string merge_patch(const LedgerName& ledger, const ShardWrite& write, const std::string& version) {
  json::object patch;
  auto metadata = metadata_of(ledger, write);
  metadata["resourceVersion"] = version;
  patch["metadata"] = std::move(metadata);
  if (!write.data.empty()) {
    json::object data;
    for (const auto& [key, value] : write.data) data[key] = value ? json::value(*value) : json::value(nullptr);
    patch["data"] = std::move(data);
  }
  return json::serialize(patch);
}

std::string config_map(const LedgerName& ledger, const ShardWrite& write) {
  json::object whole;
  whole["apiVersion"] = "v1";
  whole["kind"] = "ConfigMap";
  auto metadata = metadata_of(ledger, write);
  metadata["name"] = shard_name(ledger, write.number);
  metadata["namespace"] = ledger.space;
  whole["metadata"] = std::move(metadata);
  json::object data;
  for (const auto& [key, value] : write.data) {
    if (value) data[key] = *value;
  }
  whole["data"] = std::move(data);
  return json::serialize(whole);
}

std::map<std::string, std::optional<std::string>> difference(const Shard& seen, const Lines& wanted) {
  std::map<std::string, std::optional<std::string>> data;
  for (const auto& [key, value] : seen.damaged) data.emplace(key, std::nullopt);
  for (const auto& [address, line] : seen.lines) {
    if (!wanted.contains(address)) data.emplace(key_of(address), std::nullopt);
  }
  for (const auto& [address, line] : wanted) {
    const auto there = seen.lines.find(address);
    if (there == seen.lines.end() || there->second != line) data.insert_or_assign(key_of(address), value_of(line));
  }
  return data;
}

std::size_t octets_of(const Line& line) {
  return key_of(line.record.address).size() + value_of(line).size();
}

}  // namespace meridian::ledger
