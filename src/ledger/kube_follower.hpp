#pragma once
// What this process knows of the shards, from the feed and from its own reads and writes, and whom it tells: whoever
// follows the ledger, and the mirror. Control thread.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ledger/kube_mirror.hpp"
#include "ledger/kube_news.hpp"
#include "ledger/kube_parts.hpp"
#include "ledger/kube_view.hpp"

namespace meridian::ledger {

class ShardFollower final : public ShardFeed::Listener {
 public:
  struct Wishes {
    // This shard is to be read, because what the feed says of it may be old, or because somebody else wrote it while we
    // lead; the answer is told by read(), gone() or wrote().
    std::function<void(int)> read;
    // The first complete list is there, or can't be had at the moment: whoever waits for it need not any longer.
    std::function<void()> waited_for;
  };
  ShardFollower(boost::asio::io_context& loop, LedgerName name, std::shared_ptr<Mirror> mirror, Wishes wishes)
      : name_(std::move(name)), mirror_(std::move(mirror)), wishes_(std::move(wishes)), news_(loop) {}

  void listed(std::map<int, Shard> shards) override;
  bool echoed(int number, const std::string& version) override;
  void changed(Shard shard) override;
  void deleted(int number) override;
  void failed() override;

  // As a quorum read has it.
  void read(Shard shard);
  void gone(int number);
  // As our own write has left it.
  void wrote(const Shard& shard);
  // These are all, and they are ours: from here on nobody tells us, we tell.
  void take_office(const std::map<int, Shard>& shards);
  // Others may write again; what is known stays.
  void leave_office();

  // What the mirror knows of an earlier run; empty once it follows this one. Throws Unavailable.
  boost::asio::awaitable<Recalled> recall();
  // ... holds as long as the ledger can't be read.
  void remember(const Recalled& all);

  const ShardView& view() const { return view_; }
  bool listed() const { return listed_; }
  // What the feed told last of the shard is what we know.
  bool in_step(int number) const;
  NewsBox& news() { return news_; }

 private:
  bool believe(int number, const std::string& version);
  void ahead_of_feed(const Shard& shard);
  void tell(std::vector<vip::Change> changes);
  void report_damage(const Shard& shard);

  const LedgerName name_;
  std::shared_ptr<Mirror> mirror_;
  const Wishes wishes_;
  ShardView view_;
  // By shard: versions that we know from elsewhere and that the feed has yet to tell. Until it has told the last of
  // them, what it tells may be old.
  std::map<int, std::deque<std::string>> ahead_;
  std::map<int, std::string> heard_;  // by shard: the version that the feed told last; empty: gone
  std::set<std::size_t> reported_;    // hashes of damaged lines that the log has
  NewsBox news_;
  bool listed_ = false;  // the feed has told a complete list
  bool leader_ = false;
  bool mirrored_ = false;   // the mirror follows
  bool per_entry_ = false;  // of the view, as it was told last
};

}  // namespace meridian::ledger
