#include "upstream/loop_guard.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace meridian::upstream {

namespace {

std::string key_of(const std::string& upstream, const dns::Name& zone) {
  return upstream + ' ' + zone.folded().to_text();
}

void append_hex(std::string& text, std::uint8_t octet) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text += kDigits[octet >> 4];
  text += kDigits[octet & 15];
}

}  // namespace

LoopGuard::Probe LoopGuard::probe(const std::string& upstream, const dns::Name& zone, Time now) {
  const std::lock_guard lock(mutex_);
  auto key = key_of(upstream, zone);
  auto found = watched_.find(key);
  if (found == watched_.end()) {
    forget_unused();
    found = watched_.emplace(std::move(key), Watched(upstream, zone.to_text())).first;
  }
  auto& watched = found->second;
  Probe probe{watched.suspect, {}};
  if (now < watched.next) return probe;
  watched.asked = now;
  watched.next = now + kForgotten;
  labels_.erase(watched.label);
  probe.question = ask(watched, zone);
  labels_.emplace(watched.label, found->first);
  return probe;
}

// A name that nobody can guess, and that no cache on the way can know: each question has its own. TXT, which travels
// everywhere. Below the root it has a second label, as that of CoreDNS' loop plugin: systemd-resolved, which is what a
// loop on a VM goes through, forwards no name of one label.
std::vector<std::uint8_t> LoopGuard::ask(Watched& watched, const dns::Name& zone) {
  watched.came_back = false;
  watched.label = kPrefix;
  while (watched.label.size() < kLabel) append_hex(watched.label, entropy_.octet());
  auto below = boost::system::result<dns::Name, dns::NameError>(zone);
  if (zone.is_root()) below = zone.child("probe-" + watched.label.substr(kPrefix.size(), 16));
  const auto name = below->child(watched.label);
  if (!name) return {};  // the zone's own name leaves no room for another label
  std::vector<std::uint8_t> question(name->wire().begin(), name->wire().end());
  const auto type = static_cast<std::uint8_t>(dns::Type::TXT), klass = static_cast<std::uint8_t>(dns::Class::IN);
  question.insert(question.end(), {0, type, 0, klass});
  return question;
}

void LoopGuard::ended(const std::string& upstream, const dns::Name& zone, bool answered, Time now) {
  {
    const std::lock_guard lock(mutex_);
    auto* watched = find(upstream, zone);
    if (!watched) return;
    watched->next = now + (watched->came_back ? kLooping : answered ? std::chrono::seconds(kInnocent) : kSilent);
    if (watched->came_back || !watched->suspect->looping.exchange(false)) return;
  }
  spdlog::info("upstream {} for {}: what we ask it does not come back to us any more; it is used again", upstream,
               zone.to_text());
}

void LoopGuard::renew(const std::string& upstream, const dns::Name& zone) {
  const std::lock_guard lock(mutex_);
  if (auto* watched = find(upstream, zone)) watched->next = std::min(watched->next, watched->asked + kJust);
}

bool LoopGuard::recognize(std::string_view label) {
  std::string upstream, zone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = labels_.find(std::string(label));
    if (found == labels_.end()) return false;
    auto& watched = watched_.at(found->second);
    watched.came_back = true;
    if (watched.suspect->looping.exchange(true)) return true;
    upstream = watched.upstream;
    zone = watched.zone;
  }
  spdlog::error(
      "upstream {} for {} is a loop: what we ask it comes back to us, so it is not used. It, or a server behind it, "
      "forwards to Meridian: let it forward to somebody else, or name another upstream in `forward`",
      upstream, zone);
  return true;
}

LoopGuard::Watched* LoopGuard::find(const std::string& upstream, const dns::Name& zone) {
  const auto found = watched_.find(key_of(upstream, zone));
  return found == watched_.end() ? nullptr : &found->second;
}

// Upstreams that nobody has any more: else a resolv.conf that changes from network to network would leave them all.
void LoopGuard::forget_unused() {
  std::erase_if(watched_, [&](const auto& one) {
    const bool unused = one.second.suspect.use_count() == 1;
    if (unused) labels_.erase(one.second.label);
    return unused;
  });
}

}  // namespace meridian::upstream
