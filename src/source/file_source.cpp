#include "source/file_source.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "kube/readable.hpp"
#include "source/directory_watch.hpp"
#include "source/entry_table.hpp"
#include "source/file_names.hpp"
#include "source/known_file.hpp"
#include "source/problem_book.hpp"
#include "source/settling.hpp"
#include "source/survey.hpp"

namespace meridian::source {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using std::chrono::steady_clock;

// The first Sync waits this long for files that are being written, and not for ever.
constexpr std::chrono::seconds kPatience{2};

// Two things move it: a look (survey the path, and ask for every file that may have changed) and signals from inotify
// (ask for the files they name). What was asked for is read one file a turn of the loop; when nothing is left, what is
// different is told in one Update, so that an entry that moves from one file to another is never gone in between.
class FileSource final : public Source {
 public:
  FileSource(asio::io_context& loop, std::string name, fs::path path, FileLimits limits,
             std::vector<EntryPtr> previous);
  ~FileSource() override { stop(); }

  void start(Sink sink) override;
  void rescan() override;
  void confirm() override {}  // the rescan that comes every 30 to 60 s does
  void stop() override;
  const State& state() const override { return state_; }
  const std::string& name() const override { return name_; }
  std::string describe() const override { return "files " + path_.string(); }

 private:
  enum class Trust { Settled, Unsettled };  // whether files that a look finds young are known to be complete
  void look(Trust trust);
  void ask_for_files(const Survey& found, Trust trust);
  void heard(const WatchSignal& signal);
  void pump();
  void read(const std::string& name);
  void forget(const std::string& name);
  void tell();
  void fail(const std::string& trouble);
  void schedule_rescan();
  template <class F>
  auto while_alive(F f);  // a handler that does nothing once we are stopped

  asio::io_context& loop_;
  const std::string name_;
  const fs::path path_;
  const FileLimits limits_;
  std::map<std::string, std::vector<EntryPtr>> previous_;  // of the last run, by origin
  Sink sink_;
  State state_;

  std::optional<DirectoryWatch> watch_;
  Survey last_;
  fs::path directory_;  // where the files of `files_` are
  Settling settling_;
  std::map<std::string, KnownFile> files_;
  EntryTable table_;
  ProblemBook book_;

  asio::steady_timer wake_timer_, rescan_timer_;
  steady_clock::time_point started_{};
  std::shared_ptr<bool> alive_;
  bool reading_ = false;        // a turn is posted
  bool looked_ = false;         // since the last Update
  bool rescan_wanted_ = false;  // a look for it has yet to begin, or its Update to be told
  bool problems_changed_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

FileSource::FileSource(asio::io_context& loop, std::string name, fs::path path, FileLimits limits,
                       std::vector<EntryPtr> previous)
    : loop_(loop),
      name_(std::move(name)),
      path_(std::move(path)),
      limits_(limits),
      book_(name_),
      wake_timer_(loop),
      rescan_timer_(loop) {
  for (auto& entry : previous) previous_[entry->origin].push_back(std::move(entry));
}

template <class F>
auto FileSource::while_alive(F f) {
  return [f = std::move(f), alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error = {}) {
    if (!error && !alive.expired()) f();
  };
}

void FileSource::start(Sink sink) {
  sink_ = std::move(sink);
  alive_ = std::make_shared<bool>(true);
  started_ = steady_clock::now();
  watch_.emplace(loop_, [this](const WatchSignal& signal) { heard(signal); });
  asio::post(loop_, while_alive([this] { look(Trust::Unsettled); }));
  schedule_rescan();
}

void FileSource::stop() {
  alive_.reset();
  watch_.reset();
  wake_timer_.cancel();
  rescan_timer_.cancel();
}

void FileSource::rescan() {
  asio::post(loop_, while_alive([this] {
               rescan_wanted_ = true;
               look(Trust::Unsettled);
             }));
}

void FileSource::schedule_rescan() {
  // Spread, so that a hundred machines on one file server do not ask it all at once.
  rescan_timer_.expires_after(std::chrono::milliseconds(std::uniform_int_distribution(30'000, 60'000)(random_)));
  rescan_timer_.async_wait(while_alive([this] {
    rescan();
    schedule_rescan();
  }));
}

void FileSource::look(Trust trust) {
  auto found = survey(path_);
  // A directory that came after the survey and before its watch would be heard of by nobody: look again until both
  // agree. A directory that never rests tells us by itself.
  for (int tries = 0; tries < 5 && found.plan != last_.plan; ++tries) {
    watch_->set(found.plan);
    last_ = std::exchange(found, survey(path_));
  }
  last_ = found;
  const auto& limits = watch_->trouble();
  problems_changed_ |=
      book_.set("inotify", limits.empty() ? std::vector<Problem>() : std::vector{Problem{path_.string(), limits}});
  if (found.kind == Survey::Kind::Missing) return fail(found.trouble);
  looked_ = true;
  if (directory_ != found.directory)  // a directory where a file was, or the other way round
    while (!files_.empty()) forget(std::string(files_.begin()->first));
  directory_ = found.directory;
  ask_for_files(found, trust);
  pump();
}

void FileSource::ask_for_files(const Survey& found, Trust trust) {
  for (const auto& name : found.names) {
    const auto identity = identify(found.directory / name);
    const auto known = files_.find(name);
    if (known != files_.end() && !known->second.may_differ(identity)) continue;
    if (trust == Trust::Unsettled && identity && identity->is_fresh(static_cast<int>(Settling::kQuiet.count())))
      settling_.expect(name, steady_clock::now());
    else
      settling_.request(name);
  }
  for (const auto& [name, file] : files_)
    if (!found.names.contains(name)) settling_.request(name);
}

void FileSource::heard(const WatchSignal& signal) {
  const auto now = steady_clock::now();
  if (signal.created) settling_.directory_created(now);
  bool moved = signal.moved;
  for (const auto& [name, what] : signal.files) {
    if (last_.kind == Survey::Kind::Missing) continue;  // the look that comes with it sees them
    if (last_.kind == Survey::Kind::Directory && !is_entries_file(name)) continue;
    settling_.note(name, what, now);
    // A new link leads to directories that nobody watches yet.
    std::error_code error;
    if (what == WatchSignal::What::Written && fs::is_symlink(last_.directory / name, error)) {
      settling_.note(name, WatchSignal::What::Settled, now);
      moved = true;
    }
  }
  if (moved) look(signal.unsettled ? Trust::Unsettled : Trust::Settled);
  pump();
}

void FileSource::pump() {
  if (reading_) return;
  if (const auto name = settling_.next_ready(steady_clock::now())) {
    reading_ = true;
    asio::post(loop_, while_alive([this] {
                 reading_ = false;
                 pump();
               }));
    return read(*name);
  }
  if (!settling_.has_ready()) tell();
  if (const auto wake = settling_.wake()) {
    wake_timer_.expires_at(*wake);
    wake_timer_.async_wait(while_alive([this] { pump(); }));
  }
}

void FileSource::read(const std::string& name) {
  const auto path = last_.directory / name;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) {
    // A directory that vanished is a source that is down, not a mass delete; so is the file, where it is the source.
    const bool source_is_there = last_.kind == Survey::Kind::Directory && fs::is_directory(path_, error);
    return source_is_there ? forget(name) : look(Trust::Unsettled);
  }
  auto known = files_.find(name);
  if (known == files_.end()) known = files_.try_emplace(name, path, std::exchange(previous_[path.string()], {})).first;
  auto& file = known->second;
  switch (file.refresh(limits_)) {
    case KnownFile::Found::Same:
      break;
    case KnownFile::Found::Changing:
      settling_.note(name, WatchSignal::What::Written, steady_clock::now());
      break;
    case KnownFile::Found::Different:
      table_.replace(name, file.entries());
      problems_changed_ |= book_.set(name, file.problems());
  }
  if (last_.kind == Survey::Kind::File && !file.readable())
    fail(path_.string() + (file.problems().empty() ? " is being written" : " " + file.problems().front().text));
}

void FileSource::forget(const std::string& name) {
  files_.erase(name);
  table_.replace(name, {});
  problems_changed_ |= book_.set(name, {});
}

void FileSource::tell() {
  const auto now = steady_clock::now();
  if (!looked_ && !state_.up) return;
  if (!state_.synced && settling_.has_unsettled() && now < started_ + kPatience) return;

  const bool was_up = state_.up;
  problems_changed_ |= book_.set("the same entry in two files", table_.duplicates());
  if (problems_changed_) state_.problems = book_.newest();
  state_.up = true;
  state_.trouble.clear();
  state_.last_contact = now;

  Update update;
  if (!state_.synced) {
    update.kind = Update::Kind::Sync;
    update.put = table_.take_all();
    state_.synced = true;
    spdlog::info("source {}: {} entries in {} files", name_, update.put.size(), files_.size());
  } else {
    auto changes = table_.take_changes();
    const bool rescanned = looked_ && rescan_wanted_;
    if (!rescanned && changes.empty() && was_up && !problems_changed_) return void(looked_ = false);
    update.kind = rescanned ? Update::Kind::Rescan : changes.empty() ? Update::Kind::State : Update::Kind::Change;
    update.put = std::move(changes.put);
    update.removed = std::move(changes.removed);
    if (!was_up) spdlog::info("source {}: {} can be read again", name_, path_.string());
  }
  if (looked_) rescan_wanted_ = false;
  looked_ = problems_changed_ = false;
  sink_(std::move(update));
}

void FileSource::fail(const std::string& trouble) {
  settling_.clear();
  const bool news = state_.up || state_.trouble != trouble;
  if (news) spdlog::warn("source {}: {}", name_, kube::readable(trouble, 1000));
  state_.up = false;
  state_.trouble = trouble;
  if (problems_changed_) state_.problems = book_.newest();
  looked_ = false;
  if (news || problems_changed_ || std::exchange(rescan_wanted_, false)) sink_(Update{Update::Kind::State, {}, {}});
  problems_changed_ = rescan_wanted_ = false;
}

}  // namespace

std::unique_ptr<Source> make_file_source(asio::io_context& loop, std::string name, fs::path path, FileLimits limits,
                                         std::vector<EntryPtr> previous) {
  return std::make_unique<FileSource>(loop, std::move(name), std::move(path), limits, std::move(previous));
}

}  // namespace meridian::source
