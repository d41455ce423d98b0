#include "kube/lease.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>
#include <utility>

#include "kube/election.hpp"
#include "kube/readable.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr double kJitter = 1.2;  // client-go's JitterFactor: tries to get a Lease are `retry` to 2.2 of it apart
constexpr milliseconds kReleaseDeadline{2000};
constexpr std::size_t kLongestHolder = 253;  // octets, in logs: a name and no novel

// A holder has to have time for a second try before what it holds ends.
milliseconds try_deadline(const config::Kubernetes::Lease& times) {
  return std::max<milliseconds>(times.renew / 2, milliseconds(500));
}

std::optional<json::object> parse_lease(const std::string& body) {
  boost::system::error_code wrong;
  auto value = json::parse(body, wrong);
  if (wrong || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

// Lives as long as a coroutine or a timer of it does; those hold it by `self`.
struct Lease::Run : std::enable_shared_from_this<Lease::Run> {
  Run(asio::io_context& control, Api& server, LeaseName of, std::string identity, config::Kubernetes::Lease numbers,
      std::function<void()> listener)
      : loop(control),
        api(server),
        lease_name(std::move(of)),
        election(lease_name.space, lease_name.name, std::move(identity), numbers),
        times(numbers),
        changed(std::move(listener)),
        pause(control),
        expiry(control),
        idle(control) {}

  asio::awaitable<void> compete(std::shared_ptr<Run> self);
  asio::awaitable<void> attempt();
  asio::awaitable<bool> look();
  asio::awaitable<bool> claim();
  asio::awaitable<Response> send(Method method, std::string body, milliseconds deadline);
  asio::awaitable<void> release(std::shared_ptr<Run> self);
  void failed(std::string why);
  void refused(const Response& response, const char* what);
  void tell();
  bool held() const { return !released && election.held(Clock::now()); }
  std::string text() const { return "lease " + lease_name.space + "/" + lease_name.name; }

  asio::io_context& loop;
  Api& api;
  const LeaseName lease_name;
  Election election;
  const config::Kubernetes::Lease times;
  std::function<void()> changed;
  asio::steady_timer pause;   // between two tries
  asio::steady_timer expiry;  // when what we hold ends, unless it is renewed
  asio::steady_timer idle;    // cancelled when no try is under way any more
  std::minstd_rand random{std::random_device{}()};
  std::string trouble;
  std::string told_holder;
  bool told_held = false;
  bool competing = false;  // compete() runs
  bool released = false;   // for good
  bool stopped = false;
  bool over = false;  // the Api was stopped
};

asio::awaitable<void> Lease::Run::compete(std::shared_ptr<Run> /*self*/) {
  while (!stopped && !released) {
    co_await attempt();
    if (stopped || released || over) break;
    tell();
    milliseconds wait = times.retry;
    if (!held()) {
      std::uniform_real_distribution<double> jitter(1.0, 1.0 + kJitter);
      wait = std::chrono::duration_cast<milliseconds>(wait * jitter(random));
    }
    pause.expires_after(wait);
    boost::system::error_code woken;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  competing = false;
  idle.cancel();
}

// One try to get it or to renew it. The holder writes at once what it wrote last, and looks only if that is refused.
asio::awaitable<void> Lease::Run::attempt() {
  try {
    bool known = held() && election.exists();
    for (int turn = 0; turn < 3; ++turn) {
      if (!known) {
        known = co_await look();
        if (!known) co_return;
      }
      if (stopped || released) co_return;
      if (!election.may_claim(Clock::now())) {
        trouble.clear();
        co_return;
      }
      if (co_await claim()) co_return;
      known = false;  // somebody was faster, or edited it, or deleted it
    }
  } catch (const std::exception& e) {
    if (stopped) co_return;  // and the Api may be gone
    over = api.stopped();
    if (!over) failed(e.what());
  }
}

asio::awaitable<Response> Lease::Run::send(Method method, std::string body, milliseconds deadline) {
  Request request;
  request.method = method;
  request.target = "/apis/coordination.k8s.io/v1/namespaces/" + percent_encode(lease_name.space) + "/leases";
  if (method != Method::Post) request.target += "/" + percent_encode(lease_name.name);
  if (!body.empty()) request.content_type = "application/json";
  request.body = std::move(body);
  request.deadline = deadline;
  co_return co_await api.send(std::move(request));
}

// True: it is known now how the Lease is.
asio::awaitable<bool> Lease::Run::look() {
  const auto response = co_await send(Method::Get, {}, try_deadline(times));
  if (stopped) co_return false;
  if (response.status == 404) {
    election.observe(std::nullopt, Clock::now());
    co_return true;
  }
  if (response.status != 200) {
    refused(response, "read");
    co_return false;
  }
  auto lease = parse_lease(response.body);
  if (!lease) {
    failed("it is no JSON object");
    co_return false;
  }
  election.observe(std::move(lease), Clock::now());
  co_return true;
}

// False: it is not as we thought; look and try again.
asio::awaitable<bool> Lease::Run::claim() {
  const auto method = election.exists() ? Method::Put : Method::Post;
  auto body = json::serialize(election.claim(std::chrono::system_clock::now()));
  const auto sent = Clock::now();
  const auto response = co_await send(method, std::move(body), try_deadline(times));
  if (stopped) co_return true;
  if (response.status == 200 || response.status == 201) {
    auto lease = parse_lease(response.body);
    if (!lease) {
      failed("it is no JSON object");
    } else {
      election.won(std::move(*lease), sent);
      trouble.clear();
      tell();
    }
    co_return true;
  }
  if (response.status == 409 || (response.status == 404 && method == Method::Put)) co_return false;
  refused(response, method == Method::Put ? "updated" : "created");
  co_return true;
}

void Lease::Run::failed(std::string why) {
  why = text() + ": " + why;
  if (trouble != why) spdlog::warn("{}", why);
  trouble = std::move(why);
}

void Lease::Run::refused(const Response& response, const char* what) {
  auto why = std::string("it can't be ") + what + ": " + explain(response);
  if (response.status == 403) {
    why += "; give our ServiceAccount a Role in namespace " + lease_name.space +
           " with apiGroups [coordination.k8s.io], resources [leases], verbs [get, create, update]";
  }
  failed(std::move(why));
}

// Tells whoever listens if anything is another than it was told last; never from inside their call.
void Lease::Run::tell() {
  if (stopped) return;
  const bool now = held();
  if (now) {
    expiry.expires_at(*election.held_until());
    expiry.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->tell();
    });
  }
  if (now == told_held && election.holder() == told_holder) return;
  if (now != told_held) spdlog::info("{}: {}", text(), now ? "we hold it" : "we do not hold it any more");
  if (election.holder() != told_holder && election.holder() != election.identity())
    spdlog::info("{}: held by {}", text(),
                 election.holder().empty() ? "nobody" : readable(election.holder(), kLongestHolder));
  told_held = now;
  told_holder = election.holder();
  asio::post(loop, [self = shared_from_this()] {
    if (!self->stopped && self->changed) self->changed();
  });
}

asio::awaitable<void> Lease::Run::release(std::shared_ptr<Run> /*self*/) {
  released = true;
  tell();
  pause.cancel();
  expiry.cancel();
  boost::system::error_code ignored;
  if (competing) {  // a claim that is under way would undo the release
    idle.expires_after(try_deadline(times) * 2);
    co_await idle.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (stopped || !election.held(Clock::now())) co_return;
  std::string why;
  try {
    auto body = json::serialize(election.released(std::chrono::system_clock::now()));
    const auto response = co_await send(Method::Put, std::move(body), kReleaseDeadline);
    if (response.status != 200) why = explain(response);
  } catch (const std::exception& e) {
    why = e.what();
  }
  if (why.empty()) {
    spdlog::info("{}: released", text());
  } else {
    spdlog::warn("{}: not released, others wait for it to run out: {}", text(), why);
  }
}

Lease::Lease(asio::io_context& loop, Api& api, LeaseName name, std::string identity, config::Kubernetes::Lease times,
             std::function<void()> changed)
    : run_(std::make_shared<Run>(loop, api, std::move(name), std::move(identity), times, std::move(changed))) {}

Lease::~Lease() {
  stop();
}

void Lease::start() {
  if (run_->competing || run_->stopped || run_->released) return;
  run_->competing = true;
  asio::co_spawn(run_->loop, run_->compete(run_), asio::detached);
}

bool Lease::held() const {
  return run_->held();
}

asio::awaitable<void> Lease::release() {
  return run_->release(run_);
}

void Lease::stop() {
  run_->stopped = true;
  run_->pause.cancel();
  run_->expiry.cancel();
  run_->idle.cancel();
}

const std::string& Lease::identity() const {
  return run_->election.identity();
}

const std::string& Lease::holder() const {
  return run_->election.holder();
}

const std::string& Lease::trouble() const {
  return run_->trouble;
}

}  // namespace meridian::kube
