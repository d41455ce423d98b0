#include "kube/api_resolve.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <thread>
#include <utility>

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::posix::stream_descriptor;
using boost::system::error_code;

int checked(int descriptor) {
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::generic_category());
  return descriptor;
}

}  // namespace

// Shared by its thread and those who wait. The thread tells them by a descriptor of its own and touches nothing of
// theirs: to post to a loop, somebody would have to keep the loop alive.
struct Resolver::Lookup {
  Lookup() : bell(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}
  ~Lookup() { ::close(bell); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  void run(const LookUp& look_up, const std::string& host) noexcept {
    try {
      endpoints = look_up(host, error);
    } catch (...) {  // there is nobody on this thread to catch it
      error = asio::error::no_memory;
    }
    finished = true;
    ::eventfd_write(bell, 1);  // rings for ever: nobody reads it
  }

  const int bell;
  std::atomic<bool> finished = false;  // then the rest is written, and stays
  error_code error;
  Endpoints endpoints;
};

namespace {

// One who waits.
struct Wait {
  Wait(const asio::any_io_executor& executor, int descriptor)
      : bell(executor, checked(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0))), alarm(executor) {}
  stream_descriptor bell;
  asio::steady_timer alarm;
};

}  // namespace

Resolver::Endpoints Resolver::ask_system(const std::string& host, error_code& error) {
  asio::io_context own;  // asked directly, it starts no thread
  Endpoints endpoints;
  for (const auto& entry : tcp::resolver(own).resolve(host, "", tcp::resolver::flags(), error))
    endpoints.push_back(entry.endpoint());
  return endpoints;
}

Resolver::Resolver(asio::any_io_executor executor, std::shared_ptr<StopList> stops, LookUp look_up)
    : executor_(std::move(executor)), stops_(std::move(stops)), look_up_(std::move(look_up)) {}

std::shared_ptr<Resolver::Lookup> Resolver::lookup_of(const std::string& host) {
  std::erase_if(lookups_, [](const auto& each) { return each.second.expired(); });
  const auto known = lookups_.find(host);
  auto lookup = known == lookups_.end() ? nullptr : known->second.lock();
  if (lookup && !lookup->finished) return lookup;
  lookup = std::make_shared<Lookup>();
  std::thread([lookup, look_up = look_up_, host] { lookup->run(look_up, host); }).detach();
  lookups_[host] = lookup;
  return lookup;
}

asio::awaitable<Resolver::Endpoints> Resolver::resolve(std::string host, std::uint16_t port,
                                                       std::chrono::steady_clock::time_point deadline) {
  error_code error;
  if (const auto address = asio::ip::make_address(host, error); !error) co_return Endpoints{{address, port}};
  stops_->check();
  const auto lookup = lookup_of(host);
  const auto wait = std::make_shared<Wait>(executor_, lookup->bell);
  const StopList::Guard guard(stops_, [wait] { wait->alarm.cancel(); });
  wait->alarm.expires_at(deadline);
  wait->bell.async_wait(stream_descriptor::wait_read, [wait](const error_code&) { wait->alarm.cancel(); });
  struct Closing {
    Wait& wait;
    ~Closing() { wait.bell.close(); }
  } const closing{*wait};
  co_await wait->alarm.async_wait(asio::redirect_error(asio::use_awaitable, error));
  stops_->check();
  if (!lookup->finished) throw boost::system::system_error(error ? error : asio::error::timed_out);
  if (lookup->error) throw boost::system::system_error(lookup->error);
  auto endpoints = lookup->endpoints;
  for (auto& endpoint : endpoints) endpoint.port(port);
  co_return endpoints;
}

}  // namespace meridian::kube
