#pragma once
// TLS towards an API server: what is trusted, who we are, whose name must stand in the certificate, and what went wrong
// in words.

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "kube/credentials.hpp"

namespace meridian::kube {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 or newer. Throws Unreachable, naming the file, for PEM that is none and for a key of another certificate.
TlsContext make_tls_context(const Peer& peer);

// Before the handshake: SNI (never an IP address: RFC 6066, 3), and the name or address that the certificate must have
// (RFC 9525; a common name alone does not do).
void expect_server(SSL* tls, const Peer& peer);

// Why a handshake, or a read or write behind it, failed; and the remedy.
std::string explain_tls_error(SSL* tls, const Peer& peer, const boost::system::error_code& error);

}  // namespace meridian::kube
