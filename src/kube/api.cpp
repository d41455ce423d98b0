#include "kube/api.hpp"

#include <spdlog/spdlog.h>

#include <functional>

#include "kube/api_exchange.hpp"
#include "kube/api_pool.hpp"
#include "kube/credential_source.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using Clock = ApiConnection::Clock;

constexpr std::size_t kBodyLimit = 16 << 20;  // octets, decoded

}  // namespace

// Shared with every coroutine in here, and with every Stream.
struct Api::State {
  State(asio::io_context& loop, config::Kubernetes settings)
      : executor(loop.get_executor()),
        resolver(std::make_shared<Resolver>(executor, stops)),
        credentials(std::make_shared<CredentialSource>(executor, std::move(settings), stops)) {}

  // The coroutines that hold a State; the members below run inside them.
  static asio::awaitable<Response> send(std::shared_ptr<State> self, Request request);
  static asio::awaitable<std::unique_ptr<Stream>> open(std::shared_ptr<State> self, Request request);
  asio::awaitable<std::unique_ptr<Exchange>> exchange(Request request);
  asio::awaitable<std::unique_ptr<Exchange>> exchange_as(Credentials who, Request request, Clock::time_point deadline);
  void keep(std::unique_ptr<ApiConnection> connection);
  std::shared_ptr<const Dial> dial_for(const std::shared_ptr<const Peer>& peer);

  const asio::any_io_executor executor;
  const std::shared_ptr<StopList> stops = std::make_shared<StopList>();
  const std::shared_ptr<Resolver> resolver;
  const std::shared_ptr<CredentialSource> credentials;
  ApiPool pool;
  std::shared_ptr<const Dial> dial;
  std::shared_ptr<const Peer> unusable;  // the peer that can't be dialled, and was told of
};

namespace {

// Gives its connection back when it was read to the end. A coroutine in read() keeps the exchange, and finds it closed.
class ExchangeStream : public Stream {
 public:
  using GiveBack = std::function<void(std::unique_ptr<ApiConnection>)>;
  ExchangeStream(std::shared_ptr<Exchange> exchange, GiveBack give_back)
      : exchange_(std::move(exchange)), give_back_(std::move(give_back)) {}
  ~ExchangeStream() override {
    give_back_(exchange_->release());
    exchange_->close();
  }
  unsigned status() const override { return exchange_->status(); }
  std::optional<std::chrono::seconds> retry_after() const override { return exchange_->retry_after(); }
  asio::awaitable<std::string_view> read(std::chrono::milliseconds silence) override {
    return read(exchange_, silence);
  }

 private:
  static asio::awaitable<std::string_view> read(std::shared_ptr<Exchange> exchange, std::chrono::milliseconds silence) {
    co_return co_await exchange->read(silence);
  }
  std::shared_ptr<Exchange> exchange_;
  GiveBack give_back_;
};

}  // namespace

// New TLS settings make new connections; what is wrong with them must not end what works.
std::shared_ptr<const Dial> Api::State::dial_for(const std::shared_ptr<const Peer>& peer) {
  if (dial && dial->peer == peer) return dial;
  if (dial && unusable == peer) return dial;
  try {
    dial = std::make_shared<const Dial>(Dial{peer, make_tls_context(*peer)});
    unusable = nullptr;
  } catch (const Unreachable& e) {
    if (!dial || dial->peer->server != peer->server) throw;
    spdlog::warn("{}; what was read before stays in use", e.what());
    unusable = peer;
  }
  return dial;
}

// As one identity, on a kept connection or a new one.
asio::awaitable<std::unique_ptr<Exchange>> Api::State::exchange_as(Credentials who, Request request,
                                                                   Clock::time_point deadline) {
  const auto to = dial_for(who.peer);
  if (auto kept = pool.take(to)) {
    auto exchange = std::make_unique<Exchange>(std::move(kept));
    try {
      co_await exchange->start(request, who.token, deadline);
      co_return exchange;
    } catch (const Unanswered& e) {  // the server may have closed it while the request was on its way
      if (request.method != Method::Get && !e.unsent) throw;
    }
  }
  auto connection = co_await ApiConnection::open(executor, resolver, to, stops, deadline);
  auto exchange = std::make_unique<Exchange>(std::move(connection));
  co_await exchange->start(std::move(request), who.token, deadline);
  co_return exchange;
}

// With one more try when there is no connection because the files say something else by now (a CA that was replaced),
// and one when the server does not take the credentials any more. What it takes to get credentials (an exec plugin may
// ask its provider) does not count to the deadline.
asio::awaitable<std::unique_ptr<Exchange>> Api::State::exchange(Request request) {
  auto who = co_await credentials->get();
  auto deadline = Clock::now() + request.deadline;
  std::unique_ptr<Exchange> first;
  std::exception_ptr unconnected;
  try {
    first = co_await exchange_as(who, request, deadline);
  } catch (const Unconnected&) {
    unconnected = std::current_exception();
    credentials->look_again();
  }
  if (!unconnected && first->status() != 401) co_return first;
  if (!unconnected) credentials->refused(who);
  const auto asked = Clock::now();
  auto fresh = co_await credentials->get();
  deadline += Clock::now() - asked;
  if (unconnected && fresh.peer == who.peer) std::rethrow_exception(unconnected);
  if (!unconnected) pool.clear();  // a client certificate may be what was refused
  co_return co_await exchange_as(std::move(fresh), std::move(request), deadline);
}

asio::awaitable<Response> Api::State::send(std::shared_ptr<State> self, Request request) {
  const auto exchange = co_await self->exchange(std::move(request));
  Response response{exchange->status(), {}, exchange->retry_after()};
  for (;;) {
    const auto piece = co_await exchange->read(std::nullopt);
    if (piece.empty()) break;
    if (response.body.size() + piece.size() > kBodyLimit) {
      throw Unreachable(self->credentials->describe() + ": its answer is longer than " +
                        std::to_string(kBodyLimit >> 20) + " MiB");
    }
    response.body += piece;
  }
  self->keep(exchange->release());
  co_return response;
}

asio::awaitable<std::unique_ptr<Stream>> Api::State::open(std::shared_ptr<State> self, Request request) {
  std::shared_ptr<Exchange> exchange = co_await self->exchange(std::move(request));
  co_return std::make_unique<ExchangeStream>(
      std::move(exchange), [self](std::unique_ptr<ApiConnection> connection) { self->keep(std::move(connection)); });
}

void Api::State::keep(std::unique_ptr<ApiConnection> connection) {
  if (!stops->stopped()) pool.put(std::move(connection));
}

Api::Api(asio::io_context& loop, config::Kubernetes settings)
    : state_(std::make_shared<State>(loop, std::move(settings))) {}

Api::~Api() {
  stop();
}

asio::awaitable<Response> Api::send(Request request) {
  return State::send(state_, std::move(request));
}

asio::awaitable<std::unique_ptr<Stream>> Api::open(Request request) {
  return State::open(state_, std::move(request));
}

void Api::stop() {
  state_->stops->stop();
  state_->pool.clear();
}

bool Api::stopped() const {
  return state_->stops->stopped();
}

std::string Api::describe() const {
  return state_->credentials->describe();
}

}  // namespace meridian::kube
