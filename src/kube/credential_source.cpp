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

constexpr std::chrono::seconds kFresh{60};     // tokens and CAs rotate; they are read again when they are this old
constexpr std::size_t kPemLimit = 1 << 20;     // octets; a bundle of all public CAs is a quarter of that
constexpr std::size_t kTokenLimit = 64 << 10;  // octets; no server takes a header this long

Pem read_pem(const PemSource& source, const std::string& origin) {
  if (source.file.empty()) return {source.text, source.text.empty() ? "" : origin};
  return {read_regular_file(source.file, kPemLimit), source.file.string()};
}

std::string read_token(const std::filesystem::path& file) {
  auto token = read_regular_file(file, kTokenLimit);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) throw UnreadableFile(file.string() + ": there is no token in it");
  return token;
}

}  // namespace

// What was found at the last look.
struct CredentialSource::Looked {
  Access access;
  std::shared_ptr<const Peer> peer;
  std::string token;
  Clock::time_point at;
  bool stale = false;  // the server refused it
  std::string warned;
};

CredentialSource::CredentialSource(boost::asio::any_io_executor executor, config::Kubernetes settings,
                                   std::shared_ptr<StopList> stops)
    : executor_(std::move(executor)), settings_(std::move(settings)), stops_(std::move(stops)) {}

CredentialSource::~CredentialSource() = default;

void CredentialSource::look() {
  const bool pod = settings_.kubeconfig.empty();
  auto access = pod ? service_account() : read_kubeconfig(settings_.kubeconfig, settings_.context);
  Peer peer{.origin = access.origin,
            .server = access.server,
            .tls_server_name = access.tls_server_name,
            .insecure = access.insecure,
            .proxy = access.proxy,
            .authority = read_pem(access.authority, access.origin),
            .certificate = read_pem(access.certificate, access.origin),
            .key = read_pem(access.key, access.origin)};
  auto token = access.token_file.empty() ? access.token : read_token(access.token_file);
  if (access.insecure && !(looked_ && looked_->access.insecure)) {
    spdlog::warn(
        "{}: insecure-skip-tls-verify is set: ANYBODY on the way to {} can read the token and invent entries; give "
        "certificate-authority instead",
        access.origin, access.server.to_text());
  }
  if (!looked_) looked_ = std::make_unique<Looked>();
  if (!looked_->peer || *looked_->peer != peer) looked_->peer = std::make_shared<const Peer>(std::move(peer));
  looked_->access = std::move(access);
  looked_->token = std::move(token);
  looked_->at = Clock::now();
  looked_->stale = false;
  looked_->warned.clear();
}

void CredentialSource::warn_once(const std::string& text) {
  if (std::exchange(looked_->warned, text) != text) spdlog::warn("{}; what was read before stays in use", text);
}

boost::asio::awaitable<Credentials> CredentialSource::get() {
  const auto self = shared_from_this();
  stops_->check();
  if (!looked_ || looked_->stale || Clock::now() - looked_->at >= kFresh) {
    try {
      look();
    } catch (const std::exception& e) {
      if (!looked_) throw Unreachable(e.what());
      warn_once(e.what());
      looked_->at = Clock::now();
      looked_->stale = false;
    }
  }
  co_return Credentials{looked_->peer, looked_->token};
}

void CredentialSource::refused(const Credentials& used) {
  if (looked_ && looked_->token == used.token && looked_->peer == used.peer) looked_->stale = true;
}

std::string CredentialSource::configured() const {
  if (settings_.kubeconfig.empty()) return "service account";
  const auto of = settings_.context.empty() ? "current context" : "context " + settings_.context;
  return of + " of " + settings_.kubeconfig.string();
}

std::string CredentialSource::describe() const {
  return looked_ ? looked_->peer->describe() : configured();
}

std::string CredentialSource::own_namespace() {
  if (!looked_) {
    try {
      look();
    } catch (const std::exception&) {  // requests say why
      return "default";
    }
  }
  return looked_->access.space;
}

}  // namespace meridian::kube
