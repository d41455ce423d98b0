#include <meridian/mesh/host_name.hpp>

#include <algorithm>

namespace meridian::mesh {
namespace {

constexpr std::size_t kMaxLabel = 63;      // RFC 1035, 2.3.4
constexpr std::size_t kMaxHostText = 253;  // 255 octets on the wire, less the first length and the root label

std::optional<std::string> refuse_label(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > kMaxLabel) return "has a label over 63 octets";
  if (label.front() == '-' || label.back() == '-') return "has a label that begins or ends with a hyphen";
  return std::nullopt;
}

// Control characters are nobody's name and forge log lines; a backslash would be read as an escape (RFC 1035, 5.1)
// where Envoy reads a backslash.
bool never_in_a_host(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7f || c == '\\';
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string canonical_host(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return folded(text);
}

std::optional<std::string> refuse_host(std::string_view host) {
  if (host.empty()) return "is empty";
  if (host == "*") return std::nullopt;
  if (host.size() > kMaxHostText) return "is over 253 octets";
  if (std::any_of(host.begin(), host.end(), never_in_a_host)) return "has a control character or a backslash";
  const std::string_view labels = is_wildcard(host) ? host.substr(2) : host;
  if (labels.find('*') != labels.npos) return "is a partial wildcard, and Envoy knows only a whole first label `*`";
  for (std::size_t begin = 0; begin <= labels.size();) {
    const std::size_t end = std::min(labels.find('.', begin), labels.size());
    if (auto why = refuse_label(labels.substr(begin, end - begin))) return why;
    begin = end + 1;
  }
  return std::nullopt;
}

bool is_wildcard(std::string_view host) {
  return host.starts_with("*.");
}

bool is_within(std::string_view host, std::string_view zone) {
  if (zone.empty() || host == zone) return true;
  return host.size() > zone.size() && host.ends_with(zone) && host[host.size() - zone.size() - 1] == '.';
}

}  // namespace meridian::mesh
