#include "kube/api_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include "kube/api.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

std::string expected_name(const Peer& peer) {
  return peer.tls_server_name.empty() ? peer.server.host : peer.tls_server_name;
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

void trust(ssl::context& context, const Peer& peer) {
  boost::system::error_code error;
  if (peer.insecure) {
    context.set_verify_mode(ssl::verify_none);
    return;
  }
  context.set_verify_mode(ssl::verify_peer);
  if (peer.authority.from.empty()) {
    context.set_default_verify_paths(error);
    if (error) throw Unreachable(peer.describe() + ": the certificates that this system trusts can't be read");
    return;
  }
  context.add_certificate_authority(asio::buffer(peer.authority.text), error);
  if (error) throw Unreachable(peer.authority.from + ": certificate-authority: there is no PEM certificate in it");
  // As Go's clients: what is given is trusted, an intermediate too.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
}

void identify(ssl::context& context, const Peer& peer) {
  if (peer.certificate.text.empty()) return;
  boost::system::error_code error;
  context.use_certificate_chain(asio::buffer(peer.certificate.text), error);
  if (error) throw Unreachable(peer.certificate.from + ": client-certificate: there is no PEM certificate in it");
  context.use_private_key(asio::buffer(peer.key.text), ssl::context::pem, error);
  if (error) {
    throw Unreachable(peer.key.from +
                      ": client-key: there is no unencrypted PEM key in it that fits the client-certificate");
  }
}

std::string explain_verification(long result, const Peer& peer) {
  const auto name = expected_name(peer);
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired: renew it, or mend this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet: does this machine's clock go right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is not for " + name + ": use a name that it has, or set tls-server-name";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "its certificate is signed by an authority that is not trusted: the one of the cluster belongs into " +
             (peer.authority.from.empty() ? "certificate-authority" : peer.authority.from);
    default:
      return std::string("its certificate is refused: ") + X509_verify_cert_error_string(result);
  }
}

// The server's alerts about us (RFC 8446, 6.2); with TLS 1.3 they come behind the handshake.
bool is_about_our_certificate(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

TlsContext make_tls_context(const Peer& peer) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  trust(*context, peer);
  identify(*context, peer);
  ERR_clear_error();
  return context;
}

void expect_server(SSL* tls, const Peer& peer) {
  const auto name = expected_name(peer);
  const bool address = is_address(name);
  if (!address) SSL_set_tlsext_host_name(tls, name.c_str());
  if (peer.insecure) return;
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool expected = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name.c_str()) == 1
                                : SSL_set1_host(tls, name.c_str()) == 1;
  if (!expected) throw Unreachable(peer.describe() + ": its name can't be verified: " + name);
}

std::string explain_tls_error(SSL* tls, const Peer& peer, const boost::system::error_code& error) {
  if (const long result = SSL_get_verify_result(tls); result != X509_V_OK && !peer.insecure) {
    return explain_verification(result, peer);
  }
  if (error == ssl::error::stream_truncated || error == asio::error::eof || error == asio::error::connection_reset) {
    return "it hung up: is this the address of an API server, and does it speak TLS?";
  }
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (is_about_our_certificate(reason)) {
    return "it refuses our client certificate (" + error.message() + "): is it expired, or of another cluster?";
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
    return "it does not speak TLS: is the port right?";
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    return "it speaks only TLS older than 1.2: update it";
  }
  return "TLS: " + error.message();
}

}  // namespace meridian::kube
