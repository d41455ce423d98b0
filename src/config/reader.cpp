#include "reader.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace meridian::config {
namespace {

// Levenshtein's distance: letters to insert, remove or replace.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// The known key that somebody who wrote `key` is likely to have meant.
const std::string* nearest(std::string_view key, const std::vector<std::string>& known) {
  if (key.size() > 40) return nullptr;
  // Other spellings of a known key are near, however many letters of them differ: udp_payload, UdpPayload.
  const auto plain = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      if (c != '-' && c != '_' && c != '.') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  };
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(1, key.size() / 3) + 1;
  for (const auto& candidate : known) {
    const auto d = distance(plain(key), plain(candidate));
    if (d < least) {
      least = d;
      best = &candidate;
    }
  }
  return best;
}

std::string in_a_row(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

std::optional<std::string_view> Value::scalar(bool bare) const {
  const auto& content = *node_.content;
  if (content.kind != Node::Kind::Scalar || (bare && content.quoted)) return std::nullopt;
  return content.text;
}

std::optional<std::vector<Value>> Value::elements() const {
  const auto& content = *node_.content;
  if (content.kind != Node::Kind::List) {
    refuse(content.kind == Node::Kind::Scalar ? "a list: [" + found() + "]" : "a list");
    return std::nullopt;
  }
  if (!report_->spend(content.children.size(), place())) return std::nullopt;
  std::vector<Value> out;
  out.reserve(content.children.size());
  for (Node child : content.children) {
    if (child.kind() == Node::Kind::Null) child.place = place();  // YAML has no place for what is not there
    out.emplace_back(std::move(child), path_ + "[" + std::to_string(out.size()) + "]", *report_);
  }
  return out;
}

std::string Value::found() const {
  const auto& content = *node_.content;
  switch (content.kind) {
    case Node::Kind::Null:
      return "nothing";
    case Node::Kind::List:
      return "a list";
    case Node::Kind::Map:
      return "a mapping";
    case Node::Kind::Scalar:
      break;
  }
  return quote(content.text);
}

void Value::refuse(std::string_view expected) const {
  error("found " + std::string(node_.content->quoted ? "the text " : "") + found() + "; expected " +
        std::string(expected));
}

void Value::error(std::string_view sentence) const {
  report_->error(path_, place(), (path_.empty() ? "" : path_ + ": ") + std::string(sentence));
}

Section::Section(const Value& value) : whole_(value) {
  const auto& content = *value.node_.content;
  if (content.kind == Node::Kind::Null) return;  // "vip:" with all its keys commented out
  if (content.kind != Node::Kind::Map) {
    value.refuse("a mapping (key: value)");
    return;
  }
  if (!value.report().spend(content.children.size(), value.place())) return;
  std::map<std::string_view, Place> seen;
  for (std::size_t i = 0; i + 1 < content.children.size(); i += 2) {
    const Value name(content.children[i], value.path(), value.report());
    const auto key = name.scalar(false);
    if (!key) {
      name.refuse("a key");
      continue;
    }
    const auto [first, is_new] = seen.emplace(*key, name.place());
    if (!is_new) {
      name.report().error(child(*key), name.place(),
                          "key " + quote(*key) + inside() + " is here twice; the first one is on line " +
                              std::to_string(first->second.line));
      continue;
    }
    Node node = content.children[i + 1];
    if (node.kind() == Node::Kind::Null) node.place = name.place();  // as in elements()
    entries_.push_back({std::string(*key), name, Value(std::move(node), child(*key), value.report())});
  }
}

std::string Section::child(std::string_view key) const {
  return whole_.path().empty() ? std::string(key) : whole_.path() + "." + std::string(key);
}

std::string Section::inside() const {
  return whole_.path().empty() ? "" : " in " + whole_.path();
}

Section::Entry* Section::find(std::string_view key) {
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return entry == entries_.end() ? nullptr : &*entry;
}

std::optional<Value> Section::take(std::string_view key) {
  known_.emplace_back(key);
  auto* entry = find(key);
  if (!entry) return std::nullopt;
  entry->taken = true;
  return entry->value;
}

std::vector<std::pair<Value, Value>> Section::take_rest() {
  std::vector<std::pair<Value, Value>> out;
  for (auto& entry : entries_) {
    if (!std::exchange(entry.taken, true)) out.emplace_back(entry.name, entry.value);
  }
  return out;
}

void Section::finish() {
  for (const auto& entry : entries_) {
    if (entry.taken) continue;
    const auto* meant = nearest(entry.key, known_);
    whole_.report().error(entry.value.path(), entry.name.place(),
                          "unknown key " + quote(entry.key) + inside() +
                              (meant ? "; did you mean " + quote(*meant) + "?" : "; allowed are " + in_a_row(known_)));
  }
}

void Section::refuse_key(std::string_view key, std::string_view sentence) {
  auto* entry = find(key);
  if (!entry) return;
  entry->taken = true;
  whole_.report().error(entry->value.path(), entry->name.place(), entry->value.path() + ": " + std::string(sentence));
}

}  // namespace meridian::config
