#include "control/admin_token.hpp"

#include <fstream>
#include <iterator>

namespace meridian::control {
namespace {

// The file without the newline that editors put at its end.
std::string token_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string token{std::istreambuf_iterator<char>(in), {}};
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  return token;
}

// In a time that depends on `shown` alone.
bool equal(std::string_view shown, std::string_view token) {
  unsigned different = shown.size() != token.size();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    different |= static_cast<unsigned char>(shown[i]) ^ static_cast<unsigned char>(token[i % token.size()]);
  }
  return different == 0;
}

}  // namespace

std::optional<std::string> refuse_action(const std::filesystem::path& token_file, std::string_view authorization) {
  if (token_file.empty()) return "actions are off: name a file with a token in admin.token-file";
  const std::string token = token_of(token_file);
  if (token.empty()) return "actions are off: " + token_file.string() + " can't be read, or is empty";
  constexpr std::string_view kScheme = "Bearer ";
  const bool bearer = authorization.starts_with(kScheme);
  if (!bearer || !equal(authorization.substr(kScheme.size()), token)) {
    return "show the token of admin.token-file: Authorization: Bearer TOKEN";
  }
  return std::nullopt;
}

}  // namespace meridian::control
