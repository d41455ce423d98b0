#pragma once
// What is to be told to whoever follows a ledger: kept until it can be told, from outside every call, and forgotten
// when load() has told more. Control thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"

namespace meridian::ledger {

class NewsBox {
 public:
  explicit NewsBox(boost::asio::io_context& loop) : loop_(loop), box_(std::make_shared<Box>()) {}

  void sink(std::function<void(News)> sink) { box_->sink = std::move(sink); }
  void stop() { box_->sink = nullptr; }
  // load() returns now: what was not told yet is in its records.
  void loaded() {
    box_->loaded = true;
    box_->reload = false;
    box_->changes.clear();
  }
  // Whoever loaded has to load again; until then changes tell nothing.
  void reload() {
    box_->loaded = false;
    box_->reload = true;
    box_->changes.clear();
    wake();
  }
  void tell(std::vector<vip::Change> changes) {
    if (!box_->loaded || changes.empty()) return;
    std::ranges::move(changes, std::back_inserter(box_->changes));
    wake();
  }

 private:
  struct Box {
    std::function<void(News)> sink;
    std::vector<vip::Change> changes;
    bool reload = false;  // owed
    bool loaded = false;
    bool posted = false;
  };
  void wake() {
    if (std::exchange(box_->posted, true)) return;
    boost::asio::post(loop_, [box = box_] {
      box->posted = false;
      News news{std::exchange(box->reload, false), std::exchange(box->changes, {})};
      if (box->sink && (news.reload || !news.changes.empty())) box->sink(std::move(news));
    });
  }

  boost::asio::io_context& loop_;
  std::shared_ptr<Box> box_;
};

}  // namespace meridian::ledger
