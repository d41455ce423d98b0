#include "upstream/upstream_group.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace meridian::upstream {

namespace {

using Policy = config::Forward::Policy;

constexpr std::uint64_t kNotToBeAsked = std::uint64_t{1} << 63;
constexpr std::chrono::seconds kLookAround{1};

// What the one in use is ahead of others at the same distance.
constexpr Health::Duration advantage(Health::Duration cost) {
  return cost / 5 + std::chrono::microseconds(100);
}

UpstreamPtr find(const std::vector<UpstreamPtr>& list, const config::Forward::Server& server) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one->server() == server; });
  return found == list.end() ? nullptr : *found;
}

Roster::Limits limits_of(const ResolvConf& conf) {
  Roster::Limits limits;
  if (conf.timeout) limits.attempt = *conf.timeout;
  if (conf.attempts) limits.tries = *conf.attempts;
  return limits;
}

}  // namespace

UpstreamGroup::UpstreamGroup(std::string zone, const std::vector<config::Forward::Upstream>& sources, Policy policy,
                             Make make, Entropy& entropy, const UpstreamGroup* previous, IsOurs is_ours,
                             WatchLoop watch_loop)
    : zone_(std::move(zone)),
      zone_name_(*dns::Name::from_text(zone_)),  // the configuration has refused what is no name
      policy_(policy),
      make_(std::move(make)),
      entropy_(entropy),
      is_ours_(std::move(is_ours)),
      watch_loop_(std::move(watch_loop)) {
  for (const auto& source : sources) {
    if (const auto* server = std::get_if<config::Forward::Server>(&source)) {
      sources_.push_back({*server, {}});
      continue;
    }
    const auto& file = std::get<std::filesystem::path>(source);
    sources_.push_back({ResolvConfWatch(file), {}});
    if (!previous) continue;
    for (const auto& before : previous->sources_) {
      const auto* watch = std::get_if<ResolvConfWatch>(&before.from);
      if (watch && watch->file() == file) sources_.back().conf = before.conf;
    }
  }
  const auto now = Health::Clock::now();
  read_changed_files(now);
  rebuild(previous ? previous->servers() : std::vector<UpstreamPtr>{}, now);
}

UpstreamGroup::Choice UpstreamGroup::choose(Health::Time now) {
  if (now >= look_around_) look_around(now);
  const auto count = sort();
  Choice choice{ServerOrder(roster_, order_.data(), order_.data() + count), nullptr};
  if (count < 2) return choice;
  auto& places = choice.order.places();
  take_turns(places);

  // A copy of a real question goes to one that is not in use, so that finding out costs nobody any time.
  if (standing(places.front()) >= Health::Standing::Suspect) return choice;
  const auto stale = policy_ == Policy::Fastest ? kStaleRtt : Health::kNever;
  for (auto place = places.begin() + 1; place != places.end(); ++place) {
    const auto& server = roster_->servers[*place];
    if (!server->health().due(now, stale)) continue;
    server->tried(now);
    choice.probe = server;
    break;
  }
  return choice;
}

bool UpstreamGroup::dead() const {
  bool some = false;
  for (std::size_t i = 0; i < servers().size(); ++i) {
    if (looping(i)) continue;
    if (!servers()[i]->health().dead()) return false;
    some = true;
  }
  return some;
}

void UpstreamGroup::look_around(Health::Time now) {
  look_around_ = now + kLookAround;
  if (read_changed_files(now)) return rebuild(servers(), now);
  if (!watch_loop_) return;
  for (const auto& server : servers()) watch_loop_(server, zone_name_, now, false);
}

bool UpstreamGroup::read_changed_files(Health::Time now) {
  bool changed = false;
  for (auto& source : sources_) {
    auto* watch = std::get_if<ResolvConfWatch>(&source.from);
    if (!watch || !watch->changed(now)) continue;
    auto conf = read_resolv_conf(watch->file());
    if (conf.servers.empty()) {
      if (!std::exchange(source.complained, true))
        spdlog::warn("{}: no nameserver in it, or it can't be read; {} known ones stay", watch->file().native(),
                     source.conf.servers.size());
      continue;
    }
    source.complained = false;
    if (conf == source.conf) continue;
    source.conf = std::move(conf);
    changed = true;
  }
  return changed;
}

void UpstreamGroup::rebuild(const std::vector<UpstreamPtr>& known, Health::Time now) {
  auto roster = std::make_shared<Roster>();
  const auto add = [&](const config::Forward::Server& server, const Roster::Traits& traits, const std::string& from) {
    if (find(roster->servers, server)) return;
    if (is_ours_ && is_ours_(server.endpoint)) {
      spdlog::warn("{} names {}, where we listen ourselves: it is left out, our questions would come back to us", from,
                   server.to_text());
      return;
    }
    const auto old = find(known, server);
    roster->servers.push_back(old ? old : make_(server));
    roster->traits.push_back(traits);
    if (watch_loop_) roster->traits.back().suspect = watch_loop_(roster->servers.back(), zone_name_, now, true);
  };
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& [from, conf, complained] = sources_[i];
    if (const auto* server = std::get_if<config::Forward::Server>(&from)) {
      add(*server, {{}, nullptr, i, false}, "forward");
      continue;
    }
    const Roster::Traits traits{limits_of(conf), nullptr, i, conf.rotate};
    for (const auto& endpoint : conf.servers) add(endpoint, traits, std::get<ResolvConfWatch>(from).file().native());
  }
  order_.resize(roster->servers.size());
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<ServerOrder::Place>(i);
  worth_.resize(order_.size());
  roster_ = std::move(roster);
}

// Standing, then for `fastest` what it costs, then the place: as one number, so that all comparisons are of numbers.
std::uint64_t UpstreamGroup::worth(std::size_t place) const {
  if (looping(place)) return kNotToBeAsked | place;
  const auto& health = roster_->servers[place]->health();
  std::uint64_t worth = place | static_cast<std::uint64_t>(health.standing()) << 56;
  if (policy_ == Policy::Fastest) {
    auto cost = health.cost();
    if (place == order_.front()) cost = std::max(cost - advantage(cost), Health::Duration(0));
    worth |= static_cast<std::uint64_t>(std::min(cost, Health::kUnknown).count()) << 16;
  }
  return worth;
}

std::size_t UpstreamGroup::sort() {
  std::size_t count = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    worth_[i] = worth(i);
    count += worth_[i] < kNotToBeAsked;
  }
  // By insertion: what is in order already, as nearly always, costs one comparison a server.
  for (std::size_t i = 1; i < order_.size(); ++i) {
    const auto place = order_[i];
    auto at = i;
    for (; at > 0 && worth_[place] < worth_[order_[at - 1]]; --at) order_[at] = order_[at - 1];
    order_[at] = place;
  }
  return count;
}

// Among those of the best standing, so that the turn of one that has fallen behind does not go to its neighbour.
void UpstreamGroup::take_turns(ServerOrder::Places& places) {
  if (policy_ == Policy::Fastest) return;
  const auto& first = roster_->traits[places.front()];
  if (policy_ == Policy::Sequential && !first.rotate) return;
  const auto best = standing(places.front());
  std::uint32_t count = 1;
  while (count < places.size() && standing(places[count]) == best &&
         (policy_ != Policy::Sequential || roster_->traits[places[count]].source == first.source))
    ++count;
  if (policy_ == Policy::Random) {
    for (auto i = count - 1; i > 0; --i) std::swap(places[i], places[entropy_.below(i + 1)]);
  } else {
    std::rotate(places.begin(), places.begin() + turn_++ % count, places.begin() + count);
  }
}

}  // namespace meridian::upstream
