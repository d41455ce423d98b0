#include "ledger/kube_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "kube/readable.hpp"

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;

constexpr int kMostPasses = 12;  // of one commit; more means that somebody else keeps writing

}  // namespace

ShardWriter::ShardWriter(ShardStore& store, LedgerName ledger, Office office, std::size_t shard_octets)
    : store_(store), ledger_(std::move(ledger)), office_(std::move(office)), plan_(shard_octets) {}

void ShardWriter::check() const {
  if (!office_.held())
    throw Unavailable("the Lease of " + ledger_.space + "/" + ledger_.name + " is not ours at the moment");
}

void ShardWriter::check_before() const {
  if (office_.stopped()) throw Unavailable("we are shutting down");
  check();
}

ShardWrite ShardWriter::signed_write(int number) const {
  ShardWrite write;
  write.number = number;
  write.epoch = epoch_;
  write.holder = office_.identity;
  if (number == 0) write.shards = declared();
  write.per_entry = number == 0 && per_entry_;
  return write;
}

bool ShardWriter::present(int number) const {
  const auto found = seen_.find(number);
  return found != seen_.end() && !found->second.version.empty();
}

// What shard 0 says of the number of shards: those without a gap. It is told after they are there, and before they hold
// anything: a leader that lost its office can make an empty shard, and never one that holds what its successor does not
// see.
int ShardWriter::declared() const {
  int number = 1;
  while (present(number)) ++number;
  return number;
}

bool ShardWriter::as_wanted(int number) const {
  const auto found = seen_.find(number);
  if (found == seen_.end() || !present(number)) return false;
  const auto& shard = found->second;
  if (!ours(shard) || !shard.labelled) return false;
  if (number == 0 && (shard.shards != declared() || (per_entry_ && !shard.per_entry))) return false;
  return shard.damaged.empty() && shard.lines == plan_.lines(number);
}

asio::awaitable<void> ShardWriter::take_over(const ShardView& known, std::uint64_t floor) {
  in_office_ = false;
  per_entry_ = office_.per_entry;
  epoch_ = std::max(epoch_, std::min(floor + 1, kLastEpoch));
  std::map<int, Shard> found;
  for (int tries = 0;; ++tries) {
    if (tries == kMostPasses) throw Unavailable("others keep writing into " + ledger_.space + "/" + ledger_.name);
    check_before();
    found = co_await store_.list();
    if (co_await claim(found)) break;
  }
  ShardView view = known;
  view.put_all(found);
  if (!view.missing().empty() && office_.recall) {
    const auto recalled = co_await office_.recall();
    view.remember(recalled.records, recalled.per_entry);
  }
  per_entry_ = per_entry_ || view.per_entry();
  auto settled = view.settled();
  conflicts_ = std::move(settled.conflicts);
  seeded_ = settled.homeless.size();
  for (const int number : view.missing()) seeded_ += settled.shards[number].size();  // empty ones are in the plan too
  plan_.adopt(std::move(settled), epoch_);
  seen_ = std::move(found);
  unsure_.clear();
  dirty_.clear();
  for (const auto& [number, lines] : plan_.shards()) dirty_.insert(number);
  co_await converge();
  in_office_ = true;
}

// Puts our epoch into all that is there. False: somebody else was faster; list again.
asio::awaitable<bool> ShardWriter::claim(std::map<int, Shard>& found) {
  for (const auto& [number, shard] : found) {
    if (!ours(shard) && shard.epoch >= epoch_) epoch_ = std::min(shard.epoch + 1, kLastEpoch);
  }
  const auto keys = found | std::views::keys;
  for (const int number : Numbers(keys.begin(), keys.end())) {  // shard 0 first: its number of shards is final then
    if (!co_await claim_one(found, number, std::move(found.at(number)))) co_return false;
  }
  // Some may be there without the label by which they are listed.
  const int shards = found.contains(0) ? found.at(0).shards : 1;
  for (int number = 0; number < shards; ++number) {
    if (found.contains(number)) continue;
    check_before();
    auto shard = co_await store_.get(number);
    if (shard && !co_await claim_one(found, number, std::move(*shard))) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> ShardWriter::claim_one(std::map<int, Shard>& found, int number, Shard shard) {
  if (!ours(shard)) {
    if (shard.epoch > epoch_) co_return false;
    auto write = signed_write(number);
    write.shards = 0;
    check_before();
    auto claimed = co_await store_.patch(std::move(write), shard.version);
    check();
    if (!claimed) co_return false;
    shard = std::move(*claimed);
  }
  found.insert_or_assign(number, std::move(shard));
  co_return true;
}

asio::awaitable<void> ShardWriter::commit(std::vector<vip::Change> changes) {
  check();
  dirty_.merge(plan_.apply(changes, epoch_));
  co_await converge();
}

asio::awaitable<void> ShardWriter::look_after(int shard) {
  if (!plan_.shards().contains(shard)) plan_.adopt_empty(shard);
  unsure_.insert(shard);
  dirty_.insert(shard);
  co_await converge();
}

asio::awaitable<void> ShardWriter::converge() {
  for (int passes = 0; passes < kMostPasses; ++passes) {
    if (co_await pass()) co_return;
  }
  throw Unavailable("somebody else keeps writing into configmaps " + ledger_.space + "/" + ledger_.name +
                    "-*: nobody but Meridian may");
}

// True: all is as wanted, and nothing had to be written.
asio::awaitable<bool> ShardWriter::pass() {
  if (!co_await look()) co_return false;
  if (!co_await complete()) co_return false;
  std::erase_if(dirty_, [this](int number) { return as_wanted(number); });
  if (dirty_.empty()) co_return true;
  if (must_free_first() && !co_await write_differences(true)) co_return false;
  co_await write_differences(false);
  co_return false;
}

// Reads the shards of which we are not sure.
asio::awaitable<bool> ShardWriter::look() {
  while (!unsure_.empty()) {
    const int number = *unsure_.begin();
    check_before();
    auto now = co_await store_.get(number);
    auto& before = seen_[number];
    dirty_.insert(number);
    unsure_.erase(number);
    if (!now) {
      if (in_office_ && !before.version.empty())
        spdlog::error("ledger: configmap {}/{} was deleted; it is made again", ledger_.space,
                      shard_name(ledger_, number));
      before.version.clear();
      continue;
    }
    if (!ours(*now) && now->epoch >= epoch_)
      throw Deposed("configmap " + ledger_.space + "/" + shard_name(ledger_, number) + " was taken over by " +
                    kube::readable(now->holder) + " (epoch " + std::to_string(now->epoch) + ")");
    if (!in_office_) throw Unavailable("configmap " + shard_name(ledger_, number) + " changed while it was taken over");
    note_edit(before, *now);
    per_entry_ = per_entry_ || now->per_entry;  // by hand, too: it is sticky
    before = std::move(*now);
  }
  co_return true;
}

void ShardWriter::note_edit(const Shard& before, const Shard& now) const {
  if (before.version.empty() || before.version == now.version) return;
  const auto& wanted = plan_.lines(now.number);
  const auto explained = [&](const vip::Address& address) {
    const auto at = [&](const Lines& lines) {
      const auto found = lines.find(address);
      return found == lines.end() ? nullptr : &found->second;
    };
    const auto same = [](const Line* one, const Line* other) {
      return one == other || (one && other && one->record.host == other->record.host);
    };
    return same(at(now.lines), at(before.lines)) || same(at(now.lines), at(wanted));
  };
  const bool foreign = std::ranges::any_of(now.lines | std::views::keys, std::not_fn(explained)) ||
                       std::ranges::any_of(before.lines | std::views::keys, std::not_fn(explained));
  if (foreign || !now.damaged.empty() || !ours(now) || !now.labelled)
    spdlog::error("ledger: configmap {}/{} was edited by somebody else; it is written again from memory", ledger_.space,
                  shard_name(ledger_, now.number));
}

// Makes the shards that are not there, and says so in shard 0. Last shards first: the ledger is whole when shard 0 is.
asio::awaitable<bool> ShardWriter::complete() {
  for (const auto& [number, lines] : std::views::reverse(plan_.shards())) {
    if (present(number)) continue;
    auto first = signed_write(number);
    const auto& held = in_office_ ? seen_[number].lines : lines;  // a new shard holds nothing yet
    for (const auto& [address, line] : held) first.data.emplace(key_of(address), value_of(line));
    dirty_.insert(number);
    dirty_.insert(0);
    if (!co_await write(std::move(first))) co_return false;
  }
  if (seen_.at(0).shards == declared()) co_return true;
  dirty_.insert(0);
  co_return co_await write(signed_write(0));
}

bool ShardWriter::must_free_first() const {
  std::map<int, const Lines*> seen, wanted;
  for (const int number : dirty_) {
    seen.emplace(number, &seen_.at(number).lines);
    wanted.emplace(number, &plan_.lines(number));
  }
  return depend_on_each_other(seen, wanted);
}

asio::awaitable<bool> ShardWriter::write_differences(bool only_what_frees) {
  for (const int number : Numbers(dirty_)) {
    const auto& seen = seen_.at(number);
    auto next = signed_write(number);
    next.data = difference(
        seen, only_what_frees ? ShardPlan::freed_only(seen.lines, plan_.lines(number)) : plan_.lines(number));
    if (only_what_frees ? next.data.empty() : as_wanted(number)) continue;
    if (!co_await write(std::move(next))) co_return false;
  }
  co_return true;
}

// False: it is not as we thought; look again.
asio::awaitable<bool> ShardWriter::write(ShardWrite write) {
  const int number = write.number;
  const auto version = seen_[number].version;
  check_before();
  unsure_.insert(number);  // until the answer is known, and believed
  std::optional<Shard> answer;
  if (version.empty()) {
    answer = co_await store_.create(std::move(write));
  } else {
    answer = co_await store_.patch(std::move(write), version);
  }
  check();  // an answer that took longer than our term may be of a write that nobody waited for
  if (!answer) co_return false;
  unsure_.erase(number);
  seen_[number] = std::move(*answer);
  office_.wrote(seen_[number]);
  co_return true;
}

}  // namespace meridian::ledger
