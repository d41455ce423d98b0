#include "kube/credential_source.hpp"

#include <spdlog/spdlog.h>

#include <chrono>

#include "kube/api.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/regular_file.hpp"
#include "kube/service_account.hpp"

namespace meridian::kube {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPemLimit = 1 << 20;     // octets; a bundle of all public CAs is a quarter of that
constexpr std::size_t kTokenLimit = 64 << 10;  // octets; no server takes a header this long

Pem read_pem(const PemSource& source, const std::string& origin) {
  if (source.file.empty()) return {source.text, source.text.empty() ? "" : origin};
  return {read_regular_file(source.file, kPemLimit), source.file.string()};
}

// It becomes a header: a line feed in it would begin another one.
std::string checked_token(std::string token, const std::string& from) {
  for (const char c : token) {
    if (c <= ' ' || c >= 0x7f) throw Unreachable(from + ": its token has a character that no token has");
  }
  return token;
}

std::string read_token(const std::filesystem::path& file) {
  auto token = read_regular_file(file, kTokenLimit);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) throw UnreadableFile(file.string() + ": there is no token in it");
  return checked_token(std::move(token), file.string());
}

}  // namespace

// What was found at the last look.
struct CredentialSource::Looked {
  Access access;
  Peer found;                        // by the files alone
  std::shared_ptr<const Peer> peer;  // with a plugin's certificate, if it gave one
  std::string token;
  Clock::time_point at;
  bool doubtful = false;  // to be read again
  std::string warned;
};

CredentialSource::CredentialSource(boost::asio::any_io_executor executor, config::Kubernetes settings,
                                   std::shared_ptr<StopList> stops, std::chrono::milliseconds fresh)
    : settings_(std::move(settings)),
      stops_(std::move(stops)),
      fresh_(fresh),
      plugin_(std::make_shared<ExecPluginRunner>(std::move(executor), stops_)) {}

CredentialSource::~CredentialSource() = default;

void CredentialSource::look() {
  const bool pod = settings_.kubeconfig.empty();
  auto access = pod ? service_account() : read_kubeconfig(settings_.kubeconfig, settings_.context);
  Peer found{.origin = access.origin,
             .server = access.server,
             .tls_server_name = access.tls_server_name,
             .insecure = access.insecure,
             .proxy = access.proxy,
             .authority = read_pem(access.authority, access.origin),
             .certificate = read_pem(access.certificate, access.origin),
             .key = read_pem(access.key, access.origin)};
  auto token = access.token_file.empty() ? checked_token(access.token, access.origin) : read_token(access.token_file);
  if (access.insecure && !(looked_ && looked_->access.insecure)) {
    spdlog::warn(
        "{}: insecure-skip-tls-verify is set: ANYBODY on the way to {} can read the token and invent entries; give "
        "certificate-authority instead",
        access.origin, access.server.to_text());
  }
  if (!looked_) looked_ = std::make_unique<Looked>();
  looked_->access = std::move(access);
  looked_->found = std::move(found);
  looked_->token = std::move(token);
  looked_->at = Clock::now();
  looked_->doubtful = false;
  looked_->warned.clear();
}

void CredentialSource::look_if_old() {
  if (looked_ && !looked_->doubtful && Clock::now() - looked_->at < fresh_) return;
  try {
    look();
  } catch (const std::exception& e) {
    if (!looked_) throw Unreachable(e.what());
    warn_once(e.what());
    looked_->at = Clock::now();
    looked_->doubtful = false;
  }
}

void CredentialSource::warn_once(const std::string& text) {
  if (std::exchange(looked_->warned, text) != text) spdlog::warn("{}; what was read before stays in use", text);
}

// The same object for as long as it is the same.
std::shared_ptr<const Peer> CredentialSource::settle(Peer peer) {
  if (!looked_->peer || *looked_->peer != peer) looked_->peer = std::make_shared<const Peer>(std::move(peer));
  return looked_->peer;
}

boost::asio::awaitable<Credentials> CredentialSource::get() {
  const auto self = shared_from_this();
  stops_->check();
  look_if_old();
  if (!looked_->token.empty() || !looked_->access.exec) co_return Credentials{settle(looked_->found), looked_->token};
  auto plugin = *looked_->access.exec;
  const auto from = "exec plugin " + plugin.command;
  const auto credential = co_await plugin_->get(std::move(plugin), std::make_shared<const Peer>(looked_->found));
  auto peer = looked_->found;
  if (!credential.certificate.empty()) {
    peer.certificate = {credential.certificate, from};
    peer.key = {credential.key, from};
  }
  co_return Credentials{settle(std::move(peer)), checked_token(credential.token, from)};
}

void CredentialSource::look_again() {
  if (looked_) looked_->doubtful = true;
}

void CredentialSource::refused(const Credentials& used) {
  if (!looked_ || looked_->peer != used.peer) return;
  look_again();
  plugin_->forget(used.token);
}

std::string CredentialSource::configured() const {
  if (settings_.kubeconfig.empty()) return "service account";
  const auto of = settings_.context.empty() ? "current context" : "context " + settings_.context;
  return of + " of " + settings_.kubeconfig.string();
}

std::string CredentialSource::describe() const {
  return looked_ ? looked_->found.describe() : configured();
}

}  // namespace meridian::kube
