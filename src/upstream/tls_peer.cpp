#include "upstream/tls_peer.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <stdexcept>

namespace meridian::upstream {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

int session_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

int on_session(SSL* tls, SSL_SESSION* session) {
  auto* kept = static_cast<TlsSession*>(SSL_get_ex_data(tls, session_slot()));
  if (!kept) return 0;
  kept->reset(session);
  return 1;  // it is ours
}

std::string remedy(long result, const config::Forward::Server& server) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return ": it must be renewed, or does this machine's clock go wrong?";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return ": does this machine's clock go right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return ": it is not for " + *server.tls + "; write the name that it has behind # of the upstream";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return ": it does not hold this address; write the name that it has behind # of the upstream";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return ": its authority is not trusted; a private one belongs into forward.tls-ca, public ones come with the "
             "system's ca-certificates";
    default:
      return "";
  }
}

bool is_about_our_certificate(int reason) {
  return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
         reason == SSL_R_TLSV1_ALERT_ACCESS_DENIED;
}

}  // namespace

void expect_server(SSL* tls, const config::Forward::Server& server) {
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool expected = false;
  if (!server.tls->empty()) {
    expected = SSL_set_tlsext_host_name(tls, server.tls->c_str()) == 1 && SSL_set1_host(tls, server.tls->c_str()) == 1;
  } else if (const auto& address = server.endpoint.address; address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    expected = X509_VERIFY_PARAM_set1_ip(SSL_get0_param(tls), octets.data(), octets.size()) == 1;
  } else {  // without its scope, which certificates don't have
    const auto octets = address.to_v6().to_bytes();
    expected = X509_VERIFY_PARAM_set1_ip(SSL_get0_param(tls), octets.data(), octets.size()) == 1;
  }
  if (!expected) throw std::runtime_error("OpenSSL can't verify this name or address");
}

void hand_out_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_session);
}

void keep_session(SSL* tls, TlsSession& session) {
  SSL_set_ex_data(tls, session_slot(), &session);
}

std::string explain_tls_error(SSL* tls, const config::Forward::Server& server, const boost::system::error_code& error) {
  if (const long result = SSL_get_verify_result(tls); result != X509_V_OK) {
    return std::string("its certificate is refused: ") + X509_verify_cert_error_string(result) + remedy(result, server);
  }
  if (error == ssl::error::stream_truncated || error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe) {
    return "it hung up: does it speak DNS over TLS on this port, and to this client?";
  }
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (is_about_our_certificate(reason)) return "it wants a certificate of ours (" + error.message() + "): we have none";
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
    return "it does not speak TLS (" + error.message() + "): is the port right?";
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
    return "it speaks only TLS older than 1.2 (" + error.message() + "): update it";
  return "TLS: " + error.message();
}

}  // namespace meridian::upstream
