// Where we listen, and that we are not our own upstream.

#include <algorithm>
#include <set>

#include "sections.hpp"

namespace meridian::config {
namespace {

// A question sent to `target` would come in at `listening`. What can be known without asking the machine: loopback and
// the addresses that we advertise are reached where we listen on every address.
bool reaches(const Endpoint& target, const Endpoint& listening, const Config& config) {
  if (target.port != listening.port || target.port == 0) return false;
  if (target.address == listening.address) return true;
  if (!listening.address.is_unspecified() || target.address.is_v4() != listening.address.is_v4()) return false;
  return target.address.is_loopback() ||
         std::find(config.advertise.begin(), config.advertise.end(), target.address) != config.advertise.end();
}

// One socket each, over TCP: they can't both be bound.
bool collide(const Endpoint& a, const Endpoint& b) {
  if (a.port != b.port || a.port == 0 || a.address.is_v4() != b.address.is_v4()) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

const Endpoint* listening_at(const Config& config, const Endpoint& target) {
  for (const auto& listening : config.listen)
    if (reaches(target, listening, config)) return &listening;
  return nullptr;
}

// Behaviour, forwarding: a question that we forward to ourselves goes round until every slot is taken.
void check_upstreams(const std::vector<Forward::Upstream>& upstreams, const std::string& list, const Config& config,
                     Report& report) {
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    const auto* server = std::get_if<Forward::Server>(&upstreams[i]);
    const auto* ours = server ? listening_at(config, server->endpoint) : nullptr;
    if (!ours) continue;
    const auto path = list + "[" + std::to_string(i) + "]";
    report.error(path, report.blame({path, "listen"}),
                 list + ": " + server->endpoint.to_text() + " is ourselves (listen has " + ours->to_text() +
                     "); expected another server");
  }
}

void check_duplicates(const Config& config, Report& report) {
  std::set<std::pair<boost::asio::ip::address, std::uint16_t>> seen;
  for (std::size_t i = 0; i < config.listen.size(); ++i) {
    const auto& [address, port] = config.listen[i];
    if (port == 0 || seen.emplace(address, port).second) continue;  // 0: the kernel chooses a new one for each
    const auto path = "listen[" + std::to_string(i) + "]";
    report.error(path, report.blame({path}),
                 "listen: " + config.listen[i].to_text() + " is here twice; expected each address once");
  }
}

void check_admin(const Config& config, Report& report) {
  const auto admin = endpoint(std::nullopt).parse(config.admin.listen);
  if (!admin) return;  // switched off, or reported when it was read
  for (std::size_t i = 0; i < config.listen.size(); ++i) {
    if (!collide(*admin, config.listen[i])) continue;
    report.error("admin.listen", report.blame({"admin.listen", "listen[" + std::to_string(i) + "]"}),
                 "admin.listen: " + admin->to_text() + " collides with " + config.listen[i].to_text() +
                     " of listen; expected another port");
    return;
  }
}

// Empty, or an address with its port.
Form<std::string> admin_address() {
  auto form = endpoint(std::nullopt);
  return {form.expected + ", or \"\" to switch it off",
          [parse = std::move(form.parse)](std::string_view text) -> std::optional<std::string> {
            if (text.empty()) return std::string();
            const auto parsed = parse(text);
            return parsed ? std::optional(parsed->to_text()) : std::nullopt;
          }};
}

// An address that other machines can be told.
Form<boost::asio::ip::address> told_address() {
  auto form = address();
  return {form.expected, [parse = std::move(form.parse)](std::string_view text) {
            auto parsed = parse(text);
            if (parsed && (parsed->is_unspecified() || parsed->is_multicast())) parsed.reset();
            return parsed;
          }};
}

}  // namespace

void read_listening(Section& top, Config& config) {
  top.read_list("listen", config.listen, endpoint(std::uint16_t{53}));
  top.read("workers", config.workers, integer(0, 1024));
  top.read_list("advertise", config.advertise, told_address());
  top.read("lameduck", config.lameduck, whole_seconds(seconds(0), std::chrono::hours(1)));
  if (const auto admin = top.take("admin")) {
    Section keys(*admin);
    keys.read("listen", config.admin.listen, admin_address());
    keys.read("token-file", config.admin.token_file, text(4096, "the path of a file, or \"\" for none"));
    keys.finish();
  }
}

void check_listening(const Config& config, Report& report) {
  if (config.listen.empty() && report.sound("listen")) {
    report.error("listen", report.blame({"listen"}), "listen: is empty; expected at least one address");
  }
  check_duplicates(config, report);
  if (!report.sound("listen")) return;  // what it means is not known: the rest would speak of the defaults
  check_upstreams(config.forward.upstreams, "forward.upstreams", config, report);
  for (const auto& [suffix, upstreams] : config.forward.zones)
    check_upstreams(upstreams, "forward.zones." + suffix, config, report);
  check_admin(config, report);
}

}  // namespace meridian::config
