// Who may ask, how much, and what is told about us.

#include "sections.hpp"

namespace meridian::config {
namespace {

constexpr std::uint64_t kMany = 1'000'000;

void read_access(const Value& value, Access& access) {
  Section keys(value);
  keys.read_list("recursion", access.recursion, cidr());
  keys.read_list("queries", access.queries, cidr());
  keys.read_list("introspect", access.introspect, cidr());
  keys.finish();
}

void read_limits(const Value& value, Limits& limits) {
  Section keys(value);
  keys.read("tcp-clients", limits.tcp_clients, integer(1, kMany));
  keys.read("tcp-clients-per-address", limits.tcp_clients_per_address, integer(1, kMany));
  keys.read("tcp-idle", limits.tcp_idle, duration(milliseconds(1), std::chrono::hours(24)));
  keys.read("tcp-in-flight", limits.tcp_in_flight, integer(1, kMany));
  // RFC 1035, 4.2.1 for the least; RFC 6891, 6.2.5 for the most that is worth trying.
  keys.read("udp-payload", limits.udp_payload, integer(512, 4096));
  keys.read("file-size", limits.file_size, size(1u << 10, 1ull << 40));
  keys.read("object-size", limits.object_size, size(1u << 10, 1ull << 40));
  keys.refuse_key("rate", "comes with a later version; remove the key");
  keys.finish();
}

void read_identity(const Value& value, Identity& identity) {
  const auto told = text(255, "a text of at most 255 octets, or \"\" to tell nothing");  // RFC 1035, 3.3: one string
  Section keys(value);
  keys.read("version", identity.version, told);
  keys.read("hostname", identity.hostname, told);
  keys.read("nsid", identity.nsid, told);
  keys.finish();
}

void read_log(const Value& value, Log& log) {
  using Level = Log::Level;
  Section keys(value);
  keys.read("level", log.level,
            one_of<Level>({{"trace", Level::Trace},
                           {"debug", Level::Debug},
                           {"info", Level::Info},
                           {"warn", Level::Warn},
                           {"error", Level::Error}}));
  keys.read("format", log.format, one_of<Log::Format>({{"text", Log::Format::Text}, {"json", Log::Format::Json}}));
  keys.read("queries", log.queries,
            one_of<Log::Queries>(
                {{"off", Log::Queries::Off}, {"sampled", Log::Queries::Sampled}, {"all", Log::Queries::All}}));
  keys.finish();
}

}  // namespace

void read_service(Section& top, Config& config) {
  if (const auto value = top.take("access")) read_access(*value, config.access);
  if (const auto value = top.take("limits")) read_limits(*value, config.limits);
  if (const auto value = top.take("identity")) read_identity(*value, config.identity);
  if (const auto value = top.take("log")) read_log(*value, config.log);
}

}  // namespace meridian::config
