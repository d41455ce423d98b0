#include "control/reload.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "config/source_lookup.hpp"

namespace meridian::control {
namespace {

constexpr std::chrono::seconds kInterval{1};

// Nothing: there is no such file now, or it is none to read (a FIFO would never end).
std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::error_code error;
  std::ifstream in;
  if (std::filesystem::is_regular_file(file, error)) in.open(file, std::ios::binary);
  if (!in.is_open()) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

// The same cluster, asked in the same way, with the same Lease; what is watched there may differ.
bool same_cluster(const config::Source* a, const config::Source* b) {
  if (!a || !b || !a->kubernetes || !b->kubernetes) return false;
  const auto& x = *a->kubernetes;
  const auto& y = *b->kubernetes;
  return x.kubeconfig == y.kubeconfig && x.context == y.context && x.lease == y.lease;
}

// The clusters that the ledger and Admiral's addresses are in stay what they are.
bool keeps_clusters(const config::Config& next, const config::Config& current) {
  const auto& ledger = current.vip.ledger;
  const auto& admiral = current.vip.exclude_admiral;
  return (!ledger ||
          same_cluster(config::find_source(next, ledger->source), config::find_source(current, ledger->source))) &&
         (!admiral || same_cluster(config::first_cluster(next), config::first_cluster(current)));
}

// Keys that sockets, threads and the ledger hang on: they take a restart.
void keep_what_needs_a_restart(config::Config& next, const config::Config& current) {
  const auto keep = [](auto& mine, const auto& theirs, const char* key) {
    if (mine == theirs) return;
    spdlog::warn("configuration: {} takes a restart; the rest is applied", key);
    mine = theirs;
  };
  keep(next.listen, current.listen, "listen");
  keep(next.workers, current.workers, "workers");
  keep(next.state, current.state, "state");
  keep(next.vip.ledger, current.vip.ledger, "vip.ledger");
  keep(next.vip.write_back, current.vip.write_back, "vip.write-back");
  keep(next.vip.exclude_admiral, current.vip.exclude_admiral, "vip.exclude-admiral");
  if (!keeps_clusters(next, current)) {
    keep(next.sources, current.sources, "a change of the source that holds vip.ledger or vip.exclude-admiral");
  }
}

}  // namespace

Reload::Reload(boost::asio::io_context& loop, std::filesystem::path file, config::Config current,
               std::function<void(const config::Config&)> apply)
    : timer_(loop), file_(std::move(file)), current_(std::move(current)), apply_(std::move(apply)) {}

void Reload::start() {
  seen_ = text_of(file_);
  look();
}

void Reload::stop() {
  stopped_ = true;  // a timer that has expired already can't be cancelled any more
  timer_.cancel();
}

void Reload::look() {
  timer_.expires_after(kInterval);
  timer_.async_wait([this](const boost::system::error_code& stopped) {
    if (stopped || stopped_) return;
    auto text = text_of(file_);
    if (text && text != seen_ && text == last_look_) now();
    last_look_ = std::move(text);
    look();
  });
}

void Reload::now() {
  seen_ = text_of(file_);
  auto loaded = config::load(file_);
  trouble_.clear();
  for (const auto& warning : loaded.warnings) spdlog::warn("configuration: {}", warning.to_text());
  for (const auto& error : loaded.errors) {
    spdlog::error("configuration: {}", error.to_text());
    trouble_ += error.to_text() + "\n";
  }
  if (!loaded.errors.empty()) {
    ++failures_;
    spdlog::error("configuration: {} is not applied, the one before stays in force", file_.string());
    return;
  }
  ++reloads_;
  keep_what_needs_a_restart(loaded.config, current_);
  if (loaded.config == current_) return;
  current_ = std::move(loaded.config);
  apply_(current_);
  spdlog::info("configuration: {} is applied", file_.string());
}

}  // namespace meridian::control
