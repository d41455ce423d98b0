#include <meridian/mesh/shared_vips.hpp>

namespace meridian::mesh {

void SharedVips::remember(const std::vector<std::string>& hosts, const std::string& key,
                          const std::optional<std::string>& former) {
  for (const std::string& host : hosts) {
    forget(host);
    std::vector<std::string> keys;
    if (host != key) keys.push_back(key);
    if (former && *former != host && *former != key) keys.push_back(*former);
    if (keys.empty()) continue;
    for (const std::string& shared : keys) sharers_of_[shared].insert(host);
    keys_of_.emplace(host, std::move(keys));
  }
}

void SharedVips::forget(std::string_view host) {
  const auto at = keys_of_.find(host);
  if (at == keys_of_.end()) return;
  for (const std::string& key : at->second) {
    const auto sharers = sharers_of_.find(key);
    sharers->second.erase(at->first);
    if (sharers->second.empty()) sharers_of_.erase(sharers);
  }
  keys_of_.erase(at);
}

std::vector<std::string> SharedVips::keys_of(std::string_view host) const {
  const auto at = keys_of_.find(host);
  return at == keys_of_.end() ? std::vector<std::string>() : at->second;
}

std::set<std::string> SharedVips::sharers_of(std::string_view key) const {
  const auto at = sharers_of_.find(key);
  return at == sharers_of_.end() ? std::set<std::string>() : at->second;
}

}  // namespace meridian::mesh
