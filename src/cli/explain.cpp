#include "cli/explain.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <ostream>

#include "cli/admin_client.hpp"

namespace meridian::cli {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

void add_entries(std::string& out, const json::object& host, const char* key, const char* title) {
  for (const auto& entry : host.at(key).as_array()) {
    out += std::string("  ") + title + text(entry.at("entry"));
    if (const auto* origin = entry.as_object().if_contains("origin")) out += "  from " + text(*origin);
    if (const auto* why = entry.as_object().if_contains("not_written")) out += ", not written back: it " + text(*why);
    if (const auto* vip = entry.as_object().if_contains("written_back")) out += ", written back: " + text(*vip);
    out += "\n";
  }
}

void add_upstreams(std::string& out, const json::object& forward) {
  for (const auto& upstream : forward.at("upstreams").as_array()) {
    out += "  upstream  " + text(upstream.at("address"));
    if (upstream.at("loop").as_bool()) {
      out += ", not used: what it is asked comes back to us";
    } else {
      out += upstream.at("up").as_bool() ? ", up" : ", does not answer";
    }
    out += "\n";
  }
}

std::string encoded(const std::string& value) {
  return boost::urls::encode(value, boost::urls::unreserved_chars);
}

}  // namespace

std::string explain_text(const std::string& body) {
  const auto root = json::parse(body).as_object();
  const std::string rcode = root.at("rcode").is_null() ? "forwarded" : text(root.at("rcode"));
  std::string out = text(root.at("name")) + " " + text(root.at("type")) + ": " + rcode + "\n";
  out += "  why       " + text(root.at("why")) + "\n";
  for (const auto& answer : root.at("answers").as_array()) out += "  answer    " + text(answer) + "\n";
  if (const auto* forward = root.at("forward").if_object()) add_upstreams(out, *forward);
  if (root.at("host").is_null()) return out;

  const auto& host = root.at("host").as_object();
  out += "  host      " + text(host.at("name")) + ", addresses from: " + text(host.at("address_source")) + "\n";
  if (!text(host.at("why")).empty()) out += "            " + text(host.at("why")) + "\n";
  if (!host.at("shares_vip_of").is_null())
    out += "            shares the VIP of " + text(host.at("shares_vip_of")) + "\n";
  add_entries(out, host, "entries", "entry     ");
  add_entries(out, host, "losers", "loser     ");
  if (!host.at("note").is_null()) out += "  note      " + text(host.at("note")) + "\n";
  return out;
}

int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
  const auto reply =
      admin_get(options.admin, "/explain?name=" + encoded(options.name) + "&type=" + encoded(options.type));
  if (reply.status != 200) {
    err << "meridian explain: " << reply.body;
    return 1;
  }
  out << (options.json ? reply.body : explain_text(reply.body));
  return 0;
}

}  // namespace meridian::cli
