#include "logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace meridian {
namespace {

// %* in a pattern: the message with everything that is no printable ASCII escaped, and quotes too where JSON wants it.
class EscapedMessage : public spdlog::custom_flag_formatter {
 public:
  explicit EscapedMessage(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet < 0x20 || octet >= 0x7f) {
        fmt::format_to(std::back_inserter(out), "\\{}{:02x}", json_ ? "u00" : "x", octet);
      } else {
        if (json_ && (c == '"' || c == '\\')) out.push_back('\\');
        out.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<EscapedMessage>(json_); }

 private:
  bool json_;
};

spdlog::level::level_enum level_of(config::Log::Level level) {
  switch (level) {
    case config::Log::Level::Trace:
      return spdlog::level::trace;
    case config::Log::Level::Debug:
      return spdlog::level::debug;
    case config::Log::Level::Info:
      return spdlog::level::info;
    case config::Log::Level::Warn:
      return spdlog::level::warn;
    case config::Log::Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void set_up_logging(const config::Log& log) {
  const bool json = log.format == config::Log::Format::Json;
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<EscapedMessage>('*', json);
  formatter->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})"
                              : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %*");
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("meridian");
    spdlog::set_default_logger(made);
    return made;
  }();
  logger->set_formatter(std::move(formatter));
  logger->set_level(level_of(log.level));
}

}  // namespace meridian
