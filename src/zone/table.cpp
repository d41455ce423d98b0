#include <meridian/zone/table.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
#include <new>
#include <utility>

namespace meridian::zone {
namespace detail {

// Destroyed by its kind instead of a virtual destructor: eight octets less a bucket, and there are many.
struct Block {
  mutable std::uint32_t references = 0;
  const std::uint16_t is_bucket;
  const std::uint16_t size;  // entries of a bucket
};

}  // namespace detail
namespace {

using detail::Block;
using BlockPtr = boost::intrusive_ptr<Block>;

constexpr unsigned kBits = 4;  // of the hash, a level
constexpr unsigned kWays = 1u << kBits;
constexpr unsigned kHashBits = 32;  // all of them used: the last bucket takes whatever comes, of any number
constexpr unsigned kBucket = 16;    // entries; more become a branch

// All sixteen children, present or not: at the time a bucket of seventeen becomes a branch most of them are.
struct Branch : Block {
  Branch() : Block{0, 0, 0} {}
  Branch(const Branch& other) : Block{0, 0, 0}, children(other.children) {}
  Branch& operator=(const Branch&) = delete;

  BlockPtr& child(std::uint32_t hash, unsigned shift) { return children[hash >> shift & (kWays - 1)]; }
  const BlockPtr& child(std::uint32_t hash, unsigned shift) const { return children[hash >> shift & (kWays - 1)]; }

  std::array<BlockPtr, kWays> children;
};

// Exactly as large as its entries, which follow it in the same allocation.
struct Bucket : Block {
  static boost::intrusive_ptr<Bucket> make(std::size_t size) {
    assert(size > 0 && size <= UINT16_MAX);
    auto* block = ::operator new(sizeof(Bucket) + size * sizeof(Entry));
    return new (block) Bucket(static_cast<std::uint16_t>(size));
  }
  static void destroy(const Bucket* bucket) {
    std::destroy_n(bucket->begin(), bucket->size);
    bucket->~Bucket();
    ::operator delete(const_cast<Bucket*>(bucket));
  }
  Bucket(const Bucket&) = delete;
  Bucket& operator=(const Bucket&) = delete;

  Entry* begin() { return reinterpret_cast<Entry*>(this + 1); }
  const Entry* begin() const { return reinterpret_cast<const Entry*>(this + 1); }
  Entry* end() { return begin() + size; }
  const Entry* end() const { return begin() + size; }

  const Entry* find(const Key& key) const {
    for (const Entry& entry : *this) {
      if (entry.hash == key.hash && key.is(entry.node->owner())) return &entry;
    }
    return nullptr;
  }

 private:
  explicit Bucket(std::uint16_t entries) : Block{0, 1, entries} {
    std::uninitialized_value_construct_n(begin(), entries);
  }
};

const Bucket* as_bucket(const Block* block) {
  return block->is_bucket ? static_cast<const Bucket*>(block) : nullptr;
}
Bucket* as_bucket(Block* block) {
  return block->is_bucket ? static_cast<Bucket*>(block) : nullptr;
}

// A block that has one owner, when its parent has one too, is ours alone: what is published holds a reference of its
// own to everything it shows.
bool shared(const BlockPtr& block) {
  return block->references > 1;
}

// Takes the entries where they are ours, else copies them.
void transfer(bool copy, Entry* first, Entry* last, Entry* to) {
  if (copy) {
    std::copy(first, last, to);
  } else {
    std::move(first, last, to);
  }
}

Branch& unshare_branch(BlockPtr& at) {
  if (shared(at)) at = BlockPtr(new Branch(static_cast<const Branch&>(*at)));
  return static_cast<Branch&>(*at);
}

Entry& insert(BlockPtr& at, unsigned shift, Entry&& entry);

void split(BlockPtr& at, unsigned shift) {
  const BlockPtr old = at;
  const bool copy = old->references > 2;  // besides `old` and `at`
  at = BlockPtr(new Branch);
  for (Entry& entry : static_cast<Bucket&>(*old)) insert(at, shift, copy ? Entry(entry) : std::move(entry));
}

Entry& insert(BlockPtr& at, unsigned shift, Entry&& entry) {
  const std::uint32_t hash = entry.hash;
  if (at && as_bucket(at.get()) && at->size >= kBucket && shift < kHashBits) split(at, shift);
  if (at && !as_bucket(at.get())) {
    return insert(unshare_branch(at).child(hash, shift), shift + kBits, std::move(entry));
  }
  const std::size_t before = at ? at->size : 0;
  auto grown = Bucket::make(before + 1);
  if (at) {
    auto& old = static_cast<Bucket&>(*at);
    transfer(shared(at), old.begin(), old.end(), grown->begin());
  }
  Entry& place = grown->begin()[before];
  place = std::move(entry);
  at = std::move(grown);
  return place;
}

// Null if `at` is left empty; a branch with nothing but one bucket becomes that bucket, which keeps paths short after
// many removals.
void erase(BlockPtr& at, unsigned shift, const Key& key) {
  if (auto* old = as_bucket(at.get())) {
    if (old->size == 1) {
      at = nullptr;
      return;
    }
    const std::ptrdiff_t i = old->find(key) - old->begin();
    const bool copy = shared(at);
    auto shrunk = Bucket::make(old->size - 1u);
    transfer(copy, old->begin(), old->begin() + i, shrunk->begin());
    transfer(copy, old->begin() + i + 1, old->end(), shrunk->begin() + i);
    at = std::move(shrunk);
    return;
  }
  Branch& branch = unshare_branch(at);
  erase(branch.child(key.hash, shift), shift + kBits, key);
  BlockPtr only;
  for (const BlockPtr& child : branch.children) {
    if (!child) continue;
    if (only || !child->is_bucket) return;
    only = child;
  }
  at = only;
}

// The depth is bounded by the bits of the hash.
void visit_block(const Block* block, void (*call)(void*, const Node&), void* context) {
  if (!block) return;
  if (const auto* bucket = as_bucket(block)) {
    for (const Entry& entry : *bucket) call(context, *entry.node);
  } else {
    for (const BlockPtr& child : static_cast<const Branch&>(*block).children) visit_block(child.get(), call, context);
  }
}

}  // namespace

namespace detail {

void intrusive_ptr_add_ref(const Block* block) noexcept {
  ++block->references;
}

// Recurses into the children, and no deeper than a path: the bits of the hash bound it, whatever the size of the zone.
void intrusive_ptr_release(const Block* block) noexcept {
  if (--block->references > 0) return;
  if (block->is_bucket) {
    Bucket::destroy(static_cast<const Bucket*>(block));
  } else {
    delete static_cast<const Branch*>(block);
  }
}

}  // namespace detail

Table::Table() noexcept = default;
Table::Table(const Table& other) noexcept = default;
Table::Table(Table&& other) noexcept : root_(std::move(other.root_)), size_(std::exchange(other.size_, 0)) {}
Table::~Table() = default;

Table& Table::operator=(Table other) noexcept {
  root_.swap(other.root_);
  std::swap(size_, other.size_);
  return *this;
}

const Entry* Table::find(const Key& key) const {
  const Block* block = root_.get();
  for (unsigned shift = 0; block; shift += kBits) {
    if (const auto* bucket = as_bucket(block)) return bucket->find(key);
    block = static_cast<const Branch*>(block)->child(key.hash, shift).get();
  }
  return nullptr;
}

Entry* Table::edit(const Key& key) {
  if (!find(key)) return nullptr;
  BlockPtr* at = &root_;
  for (unsigned shift = 0; !as_bucket(at->get()); shift += kBits) at = &unshare_branch(*at).child(key.hash, shift);
  if (shared(*at)) {
    auto& old = static_cast<Bucket&>(**at);
    auto copy = Bucket::make(old.size);
    std::copy(old.begin(), old.end(), copy->begin());
    *at = std::move(copy);
  }
  return const_cast<Entry*>(as_bucket(at->get())->find(key));
}

Entry& Table::insert(NodePtr node, std::uint32_t hash) {
  Entry entry;
  entry.node = std::move(node);
  entry.hash = hash;
  Entry& place = zone::insert(root_, 0, std::move(entry));
  ++size_;
  return place;
}

bool Table::erase(const Key& key) {
  if (!find(key)) return false;
  zone::erase(root_, 0, key);
  --size_;
  return true;
}

void Table::visit(void (*call)(void*, const Node&), void* context) const {
  visit_block(root_.get(), call, context);
}

}  // namespace meridian::zone
