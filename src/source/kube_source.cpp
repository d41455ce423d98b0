#include "source/kube_source.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <iterator>
#include <utility>

#include "kube/api.hpp"
#include "kube/readable.hpp"
#include "source/kube_entries.hpp"
#include "source/problem_book.hpp"

namespace meridian::source {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;

kube::Resource service_entries(const config::Kubernetes& settings, const std::string& space) {
  return {.group = "networking.istio.io",
          .versions = {"v1", "v1beta1", "v1alpha3"},
          .plural = "serviceentries",
          .space = space,
          .label_selector = settings.label_selector};
}

// What reflectors tell is gathered for a moment. An API server sends every event by itself, those of a second with a
// thousand too, and those of a CRD that is deleted, which the mass-delete guard had better see together.
constexpr milliseconds kMoment{2};

class KubeSource final : public Source {
 public:
  KubeSource(asio::io_context& loop, std::string name, config::Kubernetes settings, std::uint64_t object_size,
             const std::vector<EntryPtr>& previous, KubeTimes times);
  ~KubeSource() override { stop(); }

  void start(Sink sink) override;
  void rescan() override;
  void confirm() override;
  void stop() override;
  const State& state() const override;
  const std::string& name() const override { return name_; }
  std::string describe() const override { return "kubernetes " + api_.describe(); }

 private:
  // The entries of one namespace, or of all.
  struct Part final : kube::Listener {
    Part(KubeSource& of, const config::Kubernetes& settings, const std::string& in, std::uint64_t object_size,
         const std::vector<EntryPtr>& previous);
    void list_begins() override;
    void listed(json::object object) override { entries.listed(std::move(object)); }
    void list_ends() override;
    void changed(json::object object) override;
    void deleted(json::object object) override;
    void skipped(json::object identity, std::string what) override;
    void state_changed() override;

    KubeSource& source;
    const std::string space;
    KubeEntries entries;
    kube::Reflector reflector;
    bool looking = false;  // the list that is told began when a second look was due
    bool looked = false;   // that look is complete
  };

  void tell_soon();
  void tell();
  bool all(bool (*holds)(const Part& part)) const;
  void ask_again();
  void update_state();
  template <class F>
  auto while_alive(F f);  // a handler that does nothing once we are stopped

  asio::io_context& loop_;
  const std::string name_;
  const KubeTimes times_;
  kube::Api api_;
  ProblemBook book_;
  std::vector<std::unique_ptr<Part>> parts_;
  asio::steady_timer moment_, second_look_;
  Sink sink_;
  mutable State state_;  // last_contact and watching are looked up when they are asked for
  std::shared_ptr<bool> alive_;
  bool telling_ = false;     // moment_ runs
  bool state_news_ = false;  // to be told
  bool confirming_ = false;  // second_look_ runs: what is listed until then confirms nothing
};

KubeSource::Part::Part(KubeSource& of, const config::Kubernetes& settings, const std::string& in,
                       std::uint64_t object_size, const std::vector<EntryPtr>& previous)
    : source(of),
      space(in),
      entries("kubernetes " + of.name_, of.book_, previous),
      reflector(of.loop_, of.api_, service_entries(settings, in), object_size, *this, of.times_.reflector) {}

void KubeSource::Part::list_begins() {
  looking = !source.confirming_;
  entries.list_begins();
}

void KubeSource::Part::list_ends() {
  looked |= looking;
  entries.list_ends();
  source.tell_soon();
}

void KubeSource::Part::changed(json::object object) {
  entries.changed(std::move(object));
  source.tell_soon();
}

void KubeSource::Part::deleted(json::object object) {
  entries.deleted(object);
  source.tell_soon();
}

void KubeSource::Part::skipped(json::object identity, std::string what) {
  entries.skipped(identity, what);
  source.tell_soon();
}

void KubeSource::Part::state_changed() {
  source.state_news_ = true;
  source.tell_soon();
}

KubeSource::KubeSource(asio::io_context& loop, std::string name, config::Kubernetes settings, std::uint64_t object_size,
                       const std::vector<EntryPtr>& previous, KubeTimes times)
    : loop_(loop),
      name_(std::move(name)),
      times_(times),
      api_(loop, settings),
      book_(name_),
      moment_(loop),
      second_look_(loop) {
  auto spaces = settings.namespaces;
  if (spaces.empty()) spaces.emplace_back();
  for (const auto& space : spaces)
    parts_.push_back(std::make_unique<Part>(*this, settings, space, object_size, previous));
}

template <class F>
auto KubeSource::while_alive(F f) {
  return [f = std::move(f), alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error = {}) {
    if (!error && !alive.expired()) f();
  };
}

bool KubeSource::all(bool (*holds)(const Part& part)) const {
  return std::ranges::all_of(parts_, [&](const auto& part) { return holds(*part); });
}

void KubeSource::start(Sink sink) {
  sink_ = std::move(sink);
  alive_ = std::make_shared<bool>(true);
  for (const auto& part : parts_) part->reflector.start();
}

void KubeSource::stop() {
  alive_.reset();
  for (const auto& part : parts_) part->reflector.stop();
  api_.stop();
  moment_.cancel();
  second_look_.cancel();
}

void KubeSource::rescan() {
  second_look_.cancel();
  confirming_ = false;
  ask_again();
}

void KubeSource::confirm() {
  if (std::exchange(confirming_, true)) return;
  for (const auto& part : parts_) part->looking = part->looked = false;
  second_look_.expires_after(times_.second_look);
  second_look_.async_wait(while_alive([this] {
    confirming_ = false;
    ask_again();
  }));
}

// Lists that begin after this are a second look, when all parts have them.
void KubeSource::ask_again() {
  for (const auto& part : parts_) {
    part->looking = part->looked = false;
    part->reflector.relist();
  }
}

void KubeSource::tell_soon() {
  if (std::exchange(telling_, true)) return;
  moment_.expires_after(kMoment);
  moment_.async_wait(while_alive([this] {
    telling_ = false;
    tell();
  }));
}

void KubeSource::tell() {
  Update update;
  bool problems_changed = false;
  if (state_.synced || all([](const Part& part) { return part.reflector.state().listed; })) {
    for (const auto& part : parts_) {
      auto changes = part->entries.take_changes();
      std::ranges::move(changes.put, std::back_inserter(update.put));
      std::ranges::move(changes.removed, std::back_inserter(update.removed));
    }
    const bool rescanned = all([](const Part& part) { return part.looked; });
    if (!std::exchange(state_.synced, true)) {
      update.kind = Update::Kind::Sync;
      spdlog::info("source {}: {} entries of {}", name_, update.put.size(), describe());
    } else if (rescanned) {
      update.kind = Update::Kind::Rescan;
    } else if (update.put.empty() && update.removed.empty()) {
      update.kind = Update::Kind::State;
    }
    if (rescanned || update.kind == Update::Kind::Sync)
      for (const auto& part : parts_) part->looked = false;
  } else {
    update.kind = Update::Kind::State;
  }
  for (const auto& part : parts_) problems_changed |= part->entries.take_problems_changed();
  if (problems_changed) state_.problems = book_.newest();
  if (state_news_) update_state();
  const bool news = update.kind != Update::Kind::State || state_news_ || problems_changed;
  state_news_ = false;
  if (news) sink_(std::move(update));
}

void KubeSource::update_state() {
  std::string trouble;
  for (const auto& part : parts_) {
    const auto& reflector = part->reflector.state();
    if (reflector.up || reflector.trouble.empty() || !trouble.empty()) continue;
    trouble = (parts_.size() > 1 ? "namespace " + part->space + ": " : "") + reflector.trouble;
  }
  if (!trouble.empty() && trouble != state_.trouble)
    spdlog::warn("source {}: {}", name_, kube::readable(trouble, 1000));
  if (trouble.empty() && !state_.trouble.empty()) spdlog::info("source {}: {} can be read again", name_, describe());
  state_.up = all([](const Part& part) { return part.reflector.state().up; });
  state_.trouble = std::move(trouble);
}

// As old as what was looked at longest ago.
const State& KubeSource::state() const {
  auto oldest = std::chrono::steady_clock::time_point::max();
  Watching sum;
  for (const auto& part : parts_) {
    const auto& one = part->reflector.state();
    oldest = std::min(oldest, one.last_contact);
    sum.version = one.version;
    sum.lists += one.lists;
    sum.watches += one.watches;
    sum.events += one.events;
    sum.expired += one.expired;
    sum.failures += one.failures;
    sum.skipped += one.skipped;
  }
  state_.last_contact = oldest;
  state_.watching = sum;
  return state_;
}

}  // namespace

std::unique_ptr<Source> make_kube_source(asio::io_context& loop, std::string name, config::Kubernetes settings,
                                         std::uint64_t object_size, std::vector<EntryPtr> previous, KubeTimes times) {
  return std::make_unique<KubeSource>(loop, std::move(name), std::move(settings), object_size, previous, times);
}

}  // namespace meridian::source
