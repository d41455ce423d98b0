#include "chaos.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace meridian::query {
namespace {

// The configured text for version.bind, version.server, hostname.bind or id.server; empty: not told, or no such name.
std::string_view identity(const dns::FoldedName& name, const Settings& settings) {
  if (name.labels != 2) return {};
  const std::string_view what = name.label(0), who = name.label(1);
  if (who != "bind" && who != "server") return {};
  if (what == "version") return settings.version;
  if ((what == "hostname" && who == "bind") || (what == "id" && who == "server")) return settings.hostname;
  return {};
}

}  // namespace

Outcome answer_chaos(const dns::Query& query, const Settings& settings, Composer& reply) {
  const auto text = identity(query.name, settings).substr(0, 255);  // one character-string (RFC 1035, 3.3)
  const bool asks_for_text = query.type == dns::Type::TXT || query.type == dns::Type::ANY;
  if (text.empty() || !asks_for_text) {
    reply.start(dns::Rcode::Refused, false, dns::ExtendedError::Prohibited);
    return reply.finish(Where::Chaos);
  }
  // TXT CH, TTL 0: TYPE, CLASS, TTL, RDLENGTH, then the string behind its length.
  std::array<std::uint8_t, 11 + 255> record = {0, 16, 0, 3, 0, 0, 0, 0};
  const auto length = static_cast<std::uint16_t>(text.size() + 1);
  record[8] = static_cast<std::uint8_t>(length >> 8);
  record[9] = static_cast<std::uint8_t>(length);
  record[10] = static_cast<std::uint8_t>(text.size());
  std::memcpy(record.data() + 11, text.data(), text.size());
  reply.start(dns::Rcode::NoError, true).answer({dns::Type::TXT, 1, false, {record.data(), 11 + text.size()}});
  return reply.finish(Where::Chaos);
}

}  // namespace meridian::query
