// The texts of kube/api.hpp: what a Response says to people, and how a target is spelled.
#include <boost/json/parse.hpp>

#include "kube/api.hpp"
#include "kube/readable.hpp"

namespace meridian::kube {
namespace {

namespace json = boost::json;

// The message of a Kubernetes Status, if the body is one.
std::string status_message(const std::string& body) {
  json::error_code error;
  const auto value = json::parse(body, error);
  if (error || !value.is_object()) return {};
  const auto* kind = value.get_object().if_contains("kind");
  const auto* message = value.get_object().if_contains("message");
  if (!kind || !kind->is_string() || kind->get_string() != "Status" || !message || !message->is_string()) return {};
  return std::string(message->get_string());
}

}  // namespace

std::string explain(const Response& response) {
  auto message = status_message(response.body);
  if (message.empty()) message = response.body;
  while (!message.empty() && message.back() == '\n') message.pop_back();
  const auto status = "status " + std::to_string(response.status);
  return message.empty() ? status + " without a word" : status + ": " + readable(message);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
  }
  return encoded;
}

}  // namespace meridian::kube
