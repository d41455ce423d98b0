#pragma once
// One coroutine after another, in the order in which they came. One thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>
#include <utility>

namespace meridian::ledger {

class Turns {
 public:
  // The turn is over when this goes. It may not outlive the Turns.
  class Turn {
   public:
    explicit Turn(Turns* turns) : turns_(turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_) turns_->next();
    }

   private:
    Turns* turns_;
  };

  explicit Turns(boost::asio::io_context& loop) : loop_(loop) {}

  boost::asio::awaitable<Turn> take() {
    if (!std::exchange(taken_, true)) co_return Turn(this);
    const auto bell = std::make_shared<boost::asio::steady_timer>(loop_, boost::asio::steady_timer::time_point::max());
    waiting_.push_back(bell);
    boost::system::error_code rung;
    co_await bell->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, rung));
    co_return Turn(this);  // handed over: taken_ is still true
  }

 private:
  void next() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    waiting_.front()->cancel();
    waiting_.pop_front();
  }

  boost::asio::io_context& loop_;
  std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
  bool taken_ = false;
};

}  // namespace meridian::ledger
