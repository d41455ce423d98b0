// Virtual addresses: the pools they come from, and how long they rest.

#include <algorithm>
#include <array>
#include <numeric>

#include "sections.hpp"

namespace meridian::config {
namespace {

namespace ip = boost::asio::ip;

struct Reserved {
  const char* cidr;
  const char* why;
};
// No VIP can be here: no host sends to these, or every host sends them to itself.
constexpr std::array kImpossible = {Reserved{"0.0.0.0/8", "\"this network\""}, Reserved{"127.0.0.0/8", "loopback"},
                                    Reserved{"224.0.0.0/4", "multicast"},
                                    Reserved{"::/8", "loopback and mapped addresses"},
                                    Reserved{"ff00::/8", "multicast"}};
// Left out of every pool, because other meshes give these away (behaviour: VIPs).
constexpr std::array kTaken = {Reserved{"240.0.0.0/16", "Admiral's"}, Reserved{"240.240.0.0/16", "istiod's"},
                               Reserved{"242.0.0.0/7", "Submariner's"}, Reserved{"255.0.0.0/8", "broadcast"}};

Cidr to_cidr(const Reserved& reserved) {
  return *cidr().parse(reserved.cidr);
}

bool ends_in_0_or_255(const Cidr& pool) {
  if (!pool.address.is_v4() || pool.prefix != 32) return false;
  const auto last = pool.address.to_v4().to_bytes()[3];
  return last == 0 || last == 255;
}

// Why nothing can be given out of `pool`; empty: something can.
std::string refusal(const Cidr& pool, const std::vector<Cidr>& exclude) {
  for (const auto& block : kImpossible) {
    const auto reserved = to_cidr(block);
    if (reserved.contains(pool) || pool.contains(reserved)) {
      return std::string("lies in or over ") + block.cidr + " (" + block.why +
             "), which no VIP can come from; expected another CIDR such as 245.0.0.0/8";
    }
  }
  for (const auto& block : kTaken) {
    if (to_cidr(block).contains(pool)) {
      return std::string("lies in ") + block.cidr + " (" + block.why +
             "), which is always excluded, so nothing is left of it; expected another CIDR such as 245.0.0.0/8";
    }
  }
  if (ends_in_0_or_255(pool)) return "ends in 0 or 255, which is always excluded, so nothing is left of it";
  for (const auto& block : exclude) {
    if (block.contains(pool)) return "lies in " + block.to_text() + " of vip.exclude, so nothing is left of it";
  }
  return {};
}

std::string path_of(std::size_t pool) {
  return "vip.pools[" + std::to_string(pool) + "]";
}

void check_pools(const Vip& vip, Report& report) {
  for (std::size_t i = 0; i < vip.pools.size(); ++i) {
    const auto why = refusal(vip.pools[i], vip.exclude);
    if (why.empty()) continue;
    report.error(path_of(i), report.blame({path_of(i), "vip.exclude"}),
                 "vip.pools: " + vip.pools[i].to_text() + " " + why);
  }
}

// Two CIDRs are disjoint or one holds the other. Sorted by address, the wider first, whatever lies in another follows
// it before anything outside of it does.
void check_overlaps(const Vip& vip, Report& report) {
  std::vector<std::size_t> order(vip.pools.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(vip.pools[a].address, vip.pools[a].prefix) < std::pair(vip.pools[b].address, vip.pools[b].prefix);
  });
  std::size_t wide = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (!vip.pools[order[wide]].contains(vip.pools[order[i]])) {
      wide = i;
      continue;
    }
    const auto [first, second] = std::minmax(order[wide], order[i]);
    report.error(path_of(second), report.blame({path_of(second)}),
                 "vip.pools: " + vip.pools[second].to_text() + " overlaps " + vip.pools[first].to_text() +
                     "; expected pools that share no address");
  }
}

// A name must be gone from every cache before another host gets its VIP (behaviour: VIPs).
void check_quarantine(const Config& config, Report& report) {
  std::size_t longest = config.zones.size();
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    const auto path = "zones[" + std::to_string(i) + "].ttl";
    if (report.sound(path) && (longest == config.zones.size() || config.zones[i].ttl > config.zones[longest].ttl)) {
      longest = i;
    }
  }
  if (longest == config.zones.size() || !report.sound("vip.quarantine")) return;
  const auto& zone = config.zones[longest];
  if (config.vip.quarantine >= 2 * zone.ttl) return;
  const auto ttl_path = "zones[" + std::to_string(longest) + "].ttl";
  report.error("vip.quarantine", report.blame({"vip.quarantine", ttl_path}),
               "vip.quarantine: " + to_text(config.vip.quarantine) + " is less than twice the largest ttl (" +
                   ttl_path + ", " + to_text(zone.ttl) + "); expected at least " + to_text(2 * zone.ttl));
}

}  // namespace

void read_vip(Section& top, Vip& vip) {
  const auto section = top.take("vip");
  if (!section) return;
  Section keys(*section);
  keys.read_list("pools", vip.pools, cidr());
  keys.read_list("exclude", vip.exclude, cidr());
  keys.read("quarantine", vip.quarantine, whole_seconds(seconds(1), kLongest));
  keys.read("tombstone", vip.tombstone, whole_seconds(seconds(1), kLongest));
  keys.read("wildcard-hosts", vip.wildcard_hosts, boolean());
  read_ledger(keys, vip);
  keys.finish();
}

void check_vip(const Config& config, Report& report) {
  check_pools(config.vip, report);
  check_overlaps(config.vip, report);
  check_quarantine(config, report);
}

}  // namespace meridian::config
