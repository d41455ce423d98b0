#include "upstream/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <stdexcept>

#include "upstream/tls_peer.hpp"

namespace meridian::upstream {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

constexpr std::array<unsigned char, 4> kProtocols = {3, 'd', 'o', 't'};  // ALPN (RFC 7858, 8.2 as registered)

TlsClient::Context make_context(const std::filesystem::path& authorities) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  auto* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(native, kProtocols.data(), kProtocols.size());
  hand_out_sessions(native);
  context->set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
  if (authorities.empty()) {
    context->set_default_verify_paths(error);
    if (error) throw std::runtime_error("the authorities that this system trusts can't be read: " + error.message());
  } else {
    context->load_verify_file(authorities.string(), error);
    if (error) {
      throw std::runtime_error("forward.tls-ca: " + authorities.string() +
                               (error.category() == asio::error::get_ssl_category()
                                    ? ": there is no PEM certificate in it; expected those of authorities"
                                    : " can't be read: " + error.message()));
    }
    // What is given is trusted: an intermediate, or the certificate of the server itself.
    X509_STORE_set_flags(SSL_CTX_get_cert_store(native), X509_V_FLAG_PARTIAL_CHAIN);
  }
  ERR_clear_error();
  return context;
}

}  // namespace

void TlsClient::trust(const config::Forward& settings) {
  Context context = settings.uses_tls() ? make_context(settings.tls_ca) : nullptr;
  const std::lock_guard lock(mutex_);
  context_.swap(context);
  troubles_.clear();  // what is still wrong after a reload is said again
}

TlsClient::Context TlsClient::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

bool TlsClient::is_news(const std::string& server, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble.empty()) return troubles_.erase(server) > 0;
  auto& known = troubles_[server];
  return known.size() < kMostTroubles && known.insert(trouble).second;
}

}  // namespace meridian::upstream
