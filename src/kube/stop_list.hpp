#pragma once
// Everything that waits, so that one stop() can end it. One thread.

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace meridian::kube {

class StopList {
 public:
  // On the list for as long as it lives. `abort` makes the wait end; called once at most, and may destroy no Guard.
  class Guard {
   public:
    Guard(std::shared_ptr<StopList> list, std::function<void()> abort) : list_(std::move(list)) {
      at_ = list_->waiting_.insert(list_->waiting_.end(), std::move(abort));
    }
    ~Guard() { list_->waiting_.erase(at_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::shared_ptr<StopList> list_;
    std::list<std::function<void()>>::iterator at_;
  };

  void stop() {
    if (std::exchange(stopped_, true)) return;
    for (const auto& abort : waiting_) abort();
  }
  bool stopped() const { return stopped_; }
  // After every wait: what was about to be resumed when stop() came is not cancelled by it.
  void check() const {
    if (stopped_) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }

 private:
  std::list<std::function<void()>> waiting_;
  bool stopped_ = false;
};

}  // namespace meridian::kube
