#pragma once
// Marks of the questions that some worker has upstream, so that the same question goes there once, however many clients
// of however many workers ask it. That saves work, and it denies a forger his birthday attack: many questions for one
// name at once (RFC 5452, 5). Shared by all workers: every call from any thread. Sharded, one mutex a shard, held for
// one look into a table.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <meridian/dns/reply.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::upstream {

// A question in tables: its octets, borrowed, and their hash, which is keyed, because clients choose names.
struct QuestionKey {
  std::string_view octets;
  std::uint64_t hash = 0;
  bool operator==(const QuestionKey& other) const { return hash == other.hash && octets == other.octets; }
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const QuestionKey& key) const { return static_cast<std::size_t>(key.hash >> 6); }
  };
};

// How a question ended, for the workers that waited for another's. Immutable.
struct Ending {
  std::vector<std::uint8_t> octets;  // that `reply` borrows
  std::optional<dns::Reply> reply;   // nothing: failed
  std::optional<dns::ExtendedError> error;
};
using EndingPtr = std::shared_ptr<const Ending>;

// Where a worker is told. Lives as long as anybody may still tell it, and does nothing once it is closed.
class Inbox {
 public:
  using Take = std::function<void(const QuestionKey& key, EndingPtr ending)>;
  explicit Inbox(Take take) : take_(std::move(take)) {}

  void tell(const QuestionKey& key, EndingPtr ending);  // from any thread
  void close();                                         // by its owner; no call of `take` is under way or comes after

 private:
  std::mutex mutex_;
  Take take_;
};
using InboxPtr = std::shared_ptr<Inbox>;

class QuestionsInFlight {
 public:
  // True: nobody has this question upstream, so the caller is to ask it, and to call settle(). False: somebody has, and
  // `inbox` is told how it ends. What `key` borrows must stay where it is until it is settled.
  bool join(const QuestionKey& key, const InboxPtr& inbox);
  // The one who was to ask has the end: takes the mark away, and returns who is to be told.
  std::vector<InboxPtr> settle(const QuestionKey& key);

 private:
  static constexpr std::size_t kShards = 64;
  struct alignas(64) Shard {
    std::mutex mutex;
    boost::unordered_flat_map<QuestionKey, std::vector<InboxPtr>, QuestionKey::Hash> marks;
  };
  Shard& shard(const QuestionKey& key) { return shards_[key.hash % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace meridian::upstream
