#include "control/snapshot_keeper.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

namespace meridian::control {
namespace {

constexpr std::uint32_t kReserve = 4096;  // serials that one write of the snapshot makes safe to use
constexpr std::chrono::seconds kRetry{10};

// Serial number arithmetic (RFC 1982, 3.2).
bool greater(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) > 0;
}

std::uint32_t unix_time() {
  return static_cast<std::uint32_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

}  // namespace

SnapshotKeeper::SnapshotKeeper(boost::asio::io_context& loop, source::Snapshot& snapshot,
                               std::function<std::vector<source::Snapshot::Write>()> everything)
    : snapshot_(snapshot), everything_(std::move(everything)), wake_(loop), serial_(unix_time()), reserved_(serial_) {}

boost::asio::awaitable<source::Snapshot::Contents> SnapshotKeeper::load() {
  source::Snapshot::Contents contents;
  try {
    contents = co_await snapshot_.load();
  } catch (const std::exception& e) {
    trouble_ = e.what();
    spdlog::error("snapshot: {}; starting without the last run's entries", e.what());
  }
  // After a jump of the clock back the last run's serial is the larger one.
  if (contents.serial && greater(*contents.serial, serial_)) serial_ = *contents.serial;
  reserved_ = serial_;
  dirty_ = true;
  co_return contents;
}

boost::asio::awaitable<void> SnapshotKeeper::run() {
  while (!stopped_) {
    const bool good = !std::exchange(dirty_, false) || co_await write();
    if (stopped_ || (good && dirty_)) continue;
    wake_.expires_after(good ? std::chrono::hours(1) : std::chrono::hours(0) + kRetry);
    if (!good) dirty_ = true;
    boost::system::error_code woken;
    co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  if (dirty_) co_await write();
}

boost::asio::awaitable<bool> SnapshotKeeper::write() {
  auto writes = std::exchange(queue_, {});
  if (std::exchange(write_all_, false)) writes = everything_();
  const std::uint32_t reserve = serial_ + kReserve;
  try {
    co_await snapshot_.save(std::move(writes), reserve);
    reserved_ = reserve;
    if (!trouble_.empty()) spdlog::info("snapshot: written again");
    trouble_.clear();
    co_return true;
  } catch (const std::exception& e) {
    if (trouble_ != e.what()) spdlog::error("snapshot: {}; a restart would serve older entries", e.what());
    trouble_ = e.what();
    write_all_ = true;
  }
  co_return false;
}

void SnapshotKeeper::stop() {
  stopped_ = true;
  wake_.cancel();
}

void SnapshotKeeper::wake() {
  dirty_ = true;
  if (trouble_.empty()) wake_.cancel();
}

void SnapshotKeeper::save(source::Snapshot::Write write) {
  if (!write_all_) queue_.push_back(std::move(write));  // else the next write brings everything
  wake();
}

std::uint32_t SnapshotKeeper::next_serial() {
  ++serial_;
  if (!greater(reserved_, serial_ + kReserve / 2)) wake();
  return serial_;
}

}  // namespace meridian::control
