#include "upstream/tls_server.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "support/scripted_upstream.hpp"

namespace meridian::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Octets = TlsServer::Octets;

template <class Stream>
class Playing : public TlsServer::Conversation {
 public:
  Playing(Stream& stream, unsigned number) : stream_(stream), number_(number) {}

  Octets query() override {
    std::array<std::uint8_t, 2> length{};
    asio::read(stream_, asio::buffer(length));
    Octets octets(static_cast<std::size_t>(length[0] << 8 | length[1]));
    asio::read(stream_, asio::buffer(octets));
    return octets;
  }
  void write(const Octets& octets) override { asio::write(stream_, asio::buffer(octets)); }
  void wait_for_end() override {
    std::array<std::uint8_t, 4096> ignored{};
    for (;;) stream_.read_some(asio::buffer(ignored));
  }
  unsigned number() const override { return number_; }

 private:
  Stream& stream_;
  const unsigned number_;
};

int choose_dot(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned octets,
               void*) {
  const std::string all(reinterpret_cast<const char*>(offered), octets);
  const auto at = all.find("\3dot");
  if (at == all.npos) return SSL_TLSEXT_ERR_NOACK;
  *chosen = offered + at + 1;
  *size = 3;
  return SSL_TLSEXT_ERR_OK;
}

std::string text(const char* text) {
  return text ? text : "";
}

TlsServer::Hello hello_of(SSL* tls) {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls, &protocol, &size);
  return {text(SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name)), std::string(protocol, protocol + size),
          SSL_session_reused(tls) == 1, text(SSL_get_version(tls))};
}

}  // namespace

struct TlsServer::Impl {
  Impl(const Identity& identity, Script s, Options o)
      : script(std::move(s)), options(o), context(asio::ssl::context::tls_server), acceptor(loop) {
    if (!options.plain) {
      context.use_certificate_chain(asio::buffer(identity.certificate));
      context.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
      if (options.newest != 0) {
        SSL_CTX_set_security_level(context.native_handle(), 0);
        SSL_CTX_set_min_proto_version(context.native_handle(), 0);
        SSL_CTX_set_max_proto_version(context.native_handle(), options.newest);
      }
      SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_dot, nullptr);
    }
    acceptor.open(tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind({asio::ip::address_v4::loopback(), options.port});
    acceptor.listen();
    where = {acceptor.local_endpoint().address(), acceptor.local_endpoint().port()};
    thread = std::thread([this] { accept(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      ended = true;
      for (const int number : sockets) ::shutdown(number, SHUT_RDWR);
    }
    ::shutdown(acceptor.native_handle(), SHUT_RDWR);
    thread.join();
    for (auto& each : players) each.join();
  }

  void accept() {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket(loop);
      acceptor.accept(socket, error);
      const std::lock_guard lock(mutex);
      if (ended) return;
      if (error) continue;
      sockets.insert(socket.native_handle());
      players.emplace_back([this, socket = std::move(socket), number = accepted++]() mutable {
        play(socket, number);
        const std::lock_guard done(mutex);
        sockets.erase(socket.native_handle());
        socket.close();
      });
    }
  }

  void play(tcp::socket& socket, unsigned number) {
    try {
      socket.set_option(tcp::no_delay(true));
      if (options.plain) {
        Playing<tcp::socket> client(socket, number);
        return script(client);
      }
      asio::ssl::stream<tcp::socket&> stream(socket, context);
      stream.handshake(asio::ssl::stream_base::server);
      {
        const std::lock_guard lock(mutex);
        hellos.push_back(hello_of(stream.native_handle()));
      }
      Playing<asio::ssl::stream<tcp::socket&>> client(stream, number);
      script(client);
      // So that what comes next may resume it.
      SSL_set_shutdown(stream.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    } catch (const boost::system::system_error&) {
      // The client went, or did not like us.
    }
  }

  const Script script;
  const Options options;
  asio::io_context loop;
  asio::ssl::context context;
  tcp::acceptor acceptor;
  config::Endpoint where;
  mutable std::mutex mutex;
  bool ended = false;
  unsigned accepted = 0;
  std::set<int> sockets;
  std::vector<Hello> hellos;
  std::vector<std::thread> players;
  std::thread thread;
};

TlsServer::TlsServer(const Identity& identity, Script script, Options options)
    : impl_(std::make_unique<Impl>(identity, std::move(script), options)) {}
TlsServer::~TlsServer() = default;

config::Endpoint TlsServer::endpoint() const {
  return impl_->where;
}
unsigned TlsServer::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->accepted;
}
unsigned TlsServer::open() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<unsigned>(impl_->sockets.size());
}
std::vector<TlsServer::Hello> TlsServer::hellos() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->hellos;
}

void answer_all(TlsServer::Conversation& client) {
  for (;;) client.write(replies::with_length(replies::address(client.query())));
}

}  // namespace meridian::test
