#pragma once
// Who may act on the server through its admin address: whoever shows the token of `admin.token-file`.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace meridian::control {

// Why a request with this Authorization header ("Bearer TOKEN", RFC 6750, 2.1) may not act; nothing: it may. The file
// is read each time, so a token can be changed while running. Takes as long for a wrong token as for the right one.
std::optional<std::string> refuse_action(const std::filesystem::path& token_file, std::string_view authorization);

}  // namespace meridian::control
