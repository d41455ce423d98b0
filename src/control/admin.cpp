#include "control/admin.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <set>
#include <stdexcept>

#include "control/admin_flush.hpp"
#include "control/admin_token.hpp"
#include "control/explain.hpp"
#include "control/metrics.hpp"
#include "control/status.hpp"

namespace meridian::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kMostConnections = 64;
constexpr std::size_t kHeaderLimit = 8192;        // octets
constexpr std::chrono::milliseconds kPause{100};  // after an accept that failed
constexpr std::chrono::seconds kTimeout{10};      // for one request, and between two

constexpr std::string_view kIndex =
    "Meridian\n\n/healthz  the process answers\n/readyz   whether to ask this server, and why not\n"
    "/status   everything on one page\n/metrics  for Prometheus\n"
    "/explain?name=NAME[&type=TYPE]  what is answered, and why\n\n"
    "By POST, with the token of admin.token-file (Authorization: Bearer TOKEN):\n"
    "/api/v1/reload               read the configuration again\n"
    "/api/v1/confirm-mass-delete  look at every source again: what is still gone goes\n"
    "/api/v1/flush                forget what upstreams answered; ?name=NAME of a name, &below=true and all below it\n";

tcp::endpoint parse_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {asio::ip::make_address(host), static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

Response reply(const Request& request, http::status status, std::string_view type, std::string body) {
  Response response{status, request.version()};
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

Response reply_json(const Request& request, http::status status, const json::object& body) {
  return reply(request, status, "application/json", json::serialize(body) + "\n");
}

Response reply_error(const Request& request, http::status status, std::string_view text) {
  return reply_json(request, status, {{"error", text}});
}

Response reply_explain(const Request& request, const boost::urls::url_view& url, const View& view,
                       const std::vector<UpstreamStatus>& upstreams) {
  std::string name_text, type_text = "A";
  for (const auto& parameter : url.params()) {
    if (parameter.key == "name") name_text = parameter.value;
    if (parameter.key == "type") type_text = parameter.value;
  }
  const auto name = dns::Name::from_text(name_text);
  if (!name) {
    return reply_error(request, http::status::bad_request,
                       "name: " + std::string(to_text(name.error())) + "; ask /explain?name=httpbin.bar.global");
  }
  const dns::Type type = dns::type_from_text(type_text);
  if (type == dns::Type{}) {
    return reply_error(request, http::status::bad_request, "type: no such type; A, AAAA, SRV, PTR, TXT or TYPE65");
  }
  return reply_json(request, http::status::ok, explain(view.reconciler, *name, type, upstreams));
}

Response reply_flush(const Request& request, const boost::urls::url_view& url, const Frontend& frontend) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& parameter : url.params()) parameters.emplace_back(parameter.key, parameter.value);
  const auto parsed = parse_flush(parameters);
  if (const auto* error = std::get_if<FlushError>(&parsed)) {
    return reply_error(request, http::status::bad_request, error->text);
  }
  const auto& flush = std::get<Flush>(parsed);
  const auto went = frontend.flush(flush.name ? &*flush.name : nullptr, flush.below);
  spdlog::warn("admin: flushed {}{}: {} replies", flush.name ? flush.name->to_text() : "the cache",
               flush.below ? " and all below" : "", went);
  return reply_json(request, http::status::ok, {{"flushed", went}});
}

}  // namespace

struct Admin::Impl : std::enable_shared_from_this<Admin::Impl> {
  Impl(asio::io_context& loop, View v) : acceptor(loop), view(v) {}

  asio::awaitable<void> accept() {
    asio::steady_timer pause(acceptor.get_executor());
    while (acceptor.is_open()) {
      boost::system::error_code error;
      auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) {  // out of descriptors, say: the next try may do better
        pause.expires_after(kPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (open.size() >= kMostConnections) continue;  // closes it
      asio::co_spawn(acceptor.get_executor(), talk(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  // One connection, until it errs, idles too long, or the client has enough.
  asio::awaitable<void> talk(beast::tcp_stream stream) {
    const auto self = shared_from_this();
    open.insert(&stream);
    try {
      beast::flat_buffer buffer;
      bool more = true;
      while (more) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(kHeaderLimit);
        stream.expires_after(kTimeout);
        co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
        Response response = co_await answer(parser.get());
        if (!parser.is_done()) response.keep_alive(false);  // a body, which nobody here reads
        if (parser.get().method() == http::verb::head) response.body().clear();
        more = response.keep_alive();
        stream.expires_after(kTimeout);
        co_await http::async_write(stream, response, asio::use_awaitable);
      }
    } catch (const std::exception& e) {
      spdlog::debug("admin: {}", e.what());
    }
    open.erase(&stream);
  }

  asio::awaitable<Response> answer(const Request& request) {
    const auto url = boost::urls::parse_origin_form({request.target().data(), request.target().size()});
    if (!url) co_return reply_error(request, http::status::bad_request, "the path can't be read");
    const std::string path = url->path();
    if (request.method() == http::verb::post) co_return act(request, *url);
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      co_return reply_error(request, http::status::method_not_allowed,
                            "GET, HEAD, or POST for an action; / lists them");
    }
    if (path == "/healthz") co_return reply(request, http::status::ok, "text/plain", "ok\n");
    if (path == "/readyz") {
      const auto body = readiness_json(view);
      const bool ready = body.at("ready").as_bool();
      co_return reply_json(request, ready ? http::status::ok : http::status::service_unavailable, body);
    }
    if (path == "/explain") {
      const auto upstreams = co_await ask_upstreams();
      co_return reply_explain(request, *url, view, upstreams);
    }
    if (path == "/status") {
      const auto upstreams = co_await ask_upstreams();
      co_return reply_json(request, http::status::ok, status_json(view, upstreams));
    }
    if (path == "/metrics") {
      const auto upstreams = co_await ask_upstreams();
      co_return reply(request, http::status::ok, "text/plain; version=0.0.4; charset=utf-8",
                      metrics_text(view, upstreams));
    }
    if (path == "/") co_return reply(request, http::status::ok, "text/plain", std::string(kIndex));
    co_return reply_error(request, http::status::not_found, "no such page; / lists them");
  }

  Response act(const Request& request, const boost::urls::url_view& url) {
    const std::string path = url.path();
    const bool reload = path == "/api/v1/reload", confirm = path == "/api/v1/confirm-mass-delete",
               flush = path == "/api/v1/flush";
    if (!reload && !confirm && !flush) {
      return reply_error(request, http::status::method_not_allowed, "no such action; / lists them");
    }
    const auto& settings = view.reload.current().admin;
    if (const auto why = refuse_action(settings.token_file, request[http::field::authorization])) {
      return reply_error(request, http::status::forbidden, *why);
    }
    if (flush) return reply_flush(request, url, view.frontend);
    spdlog::warn("admin: POST {}", path);
    (reload ? view.read_configuration : view.look_again)();
    return reply_json(request, http::status::accepted, {{"accepted", true}});
  }

  // The workers answer on their own threads; while they drain they may not.
  asio::awaitable<std::vector<UpstreamStatus>> ask_upstreams() {
    if (view.draining) co_return std::vector<UpstreamStatus>{};
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::vector<UpstreamStatus>)>(
        [this](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          view.frontend.upstreams([shared](std::vector<UpstreamStatus> all) { std::move (*shared)(std::move(all)); });
        },
        asio::use_awaitable);
  }

  tcp::acceptor acceptor;
  View view;
  std::set<beast::tcp_stream*> open;
};

Admin::Admin(asio::io_context& loop, const std::string& listen, View view) : impl_(std::make_shared<Impl>(loop, view)) {
  try {
    const auto endpoint = parse_listen(listen);
    impl_->acceptor.open(endpoint.protocol());
    impl_->acceptor.set_option(tcp::acceptor::reuse_address(true));
    impl_->acceptor.bind(endpoint);
    impl_->acceptor.listen();
  } catch (const std::exception& e) {
    throw std::runtime_error("admin.listen: " + listen + " can't be bound (" + e.what() +
                             "): end what listens there, or set admin.listen to another address, or to \"\" for none");
  }
  asio::co_spawn(loop, impl_->accept(), [impl = impl_](const std::exception_ptr&) {});
}

Admin::~Admin() {
  stop();
}

config::Endpoint Admin::bound() const {
  const auto endpoint = impl_->acceptor.local_endpoint();
  return {endpoint.address(), endpoint.port()};
}

void Admin::stop() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  for (auto* stream : impl_->open) stream->close();
}

}  // namespace meridian::control
