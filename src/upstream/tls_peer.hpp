#pragma once
// One server over TLS, as OpenSSL sees it (RFC 7858; RFC 8310, strict): whose name its certificate must have, the
// session that it gives, and what went wrong, in words.

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

namespace meridian::upstream {

// Before the handshake: SNI, and the name that the certificate must have (RFC 9525; a common name alone does not do);
// without a name the address, which is never sent as SNI (RFC 6066, 3). Throws std::runtime_error if OpenSSL refuses
// it.
void expect_server(SSL* tls, const config::Forward::Server& server);

struct FreeSession {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using TlsSession = std::unique_ptr<SSL_SESSION, FreeSession>;
// Contexts whose connections keep_session() works for.
void hand_out_sessions(SSL_CTX* context);
// Where the newest session that the server gives goes to, to be resumed by the next connection (RFC 8446, 2.2).
// `session` must outlive `tls`.
void keep_session(SSL* tls, TlsSession& session);

// Why a handshake, or a read or write behind it, failed; and the remedy.
std::string explain_tls_error(SSL* tls, const config::Forward::Server& server, const boost::system::error_code& error);

}  // namespace meridian::upstream
