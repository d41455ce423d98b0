#pragma once
// A DNS server over TLS on loopback whose every connection is played by a function of the test, on a thread of its own.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

#include "upstream/certificates.hpp"

namespace meridian::test {

class TlsServer {
 public:
  using Octets = std::vector<std::uint8_t>;

  // One connection, verified or not; what fails on it ends it.
  class Conversation {
   public:
    virtual ~Conversation() = default;
    virtual Octets query() = 0;                    // waits for the next, without its length
    virtual void write(const Octets& octets) = 0;  // as they are, as one TLS record
    virtual void wait_for_end() = 0;               // reads on until the client is gone
    virtual unsigned number() const = 0;           // of the connection, from 0
  };
  using Script = std::function<void(Conversation&)>;  // the connection is closed behind it

  // What was seen of one handshake.
  struct Hello {
    std::string server_name, protocol;  // SNI, ALPN; "": none
    bool resumed = false;
    std::string version;  // "TLSv1.3"
  };

  struct Options {
    std::uint16_t port = 0;
    int newest = 0;      // TLS version, as SSL_CTX_set_max_proto_version takes it
    bool plain = false;  // no TLS: the script is played over TCP
  };
  TlsServer(const Identity& identity, Script script, Options options);
  TlsServer(const Identity& identity, Script script) : TlsServer(identity, std::move(script), Options()) {}
  ~TlsServer();

  config::Endpoint endpoint() const;
  unsigned connections() const;       // accepted
  unsigned open() const;              // of these, still there
  std::vector<Hello> hellos() const;  // of handshakes that were completed

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Answers each query, as replies::address does, until the client goes.
void answer_all(TlsServer::Conversation& client);

}  // namespace meridian::test
