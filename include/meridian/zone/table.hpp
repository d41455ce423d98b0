#pragma once
// A persistent hash table of nodes: changing one name copies the path to it and shares the rest.

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <meridian/zone/hashed_name.hpp>
#include <meridian/zone/node.hpp>

namespace meridian::zone {

// What a table keeps for a name. The counts stand here and not in the node, so that a new name below another copies
// sixteen octets of its parent instead of the parent's records.
struct Entry {
  NodePtr node;
  std::uint32_t hash = 0;                // Key::hash of the node's owner
  std::uint32_t children : 31 = 0;       // names one label below this one
  std::uint32_t wildcard_child : 1 = 0;  // one of them is "*"
};

namespace detail {
struct Block;  // a part of a trie; see table.cpp
void intrusive_ptr_add_ref(const Block* block) noexcept;
void intrusive_ptr_release(const Block* block) noexcept;
}  // namespace detail

// A hash trie with sixteen ways a level and buckets of up to sixteen entries at its ends. Copying a Table is one
// reference; a change copies the blocks on the path that somebody else refers to too, and works in place on those that
// this Table alone refers to: after the first changes, a bulk load copies nothing.
//
// Reading (const members) is for any thread; making, copying, changing and destroying is for the control thread,
// because the reference counts are plain integers.
class Table {
 public:
  Table() noexcept;
  Table(const Table& other) noexcept;
  Table(Table&& other) noexcept;
  Table& operator=(Table other) noexcept;
  ~Table();

  std::size_t size() const { return size_; }
  // Null if there is none. Allocates nothing.
  const Entry* find(const Key& key) const;

  // The entry in a form that may be changed, but for its hash and its node's owner; null if there is none. Good until
  // the table is copied or changed again.
  Entry* edit(const Key& key);
  // Puts an entry for a name that the table does not have. As with edit().
  Entry& insert(NodePtr node, std::uint32_t hash);
  // False if there was none.
  bool erase(const Key& key);

  // Calls f(const Node&) for every node, in no particular order.
  template <class F>
  void for_each(F&& f) const {
    visit([](void* context, const Node& node) { (*static_cast<std::remove_reference_t<F>*>(context))(node); },
          const_cast<void*>(static_cast<const void*>(std::addressof(f))));
  }

 private:
  void visit(void (*call)(void*, const Node&), void* context) const;

  boost::intrusive_ptr<detail::Block> root_;
  std::size_t size_ = 0;
};

}  // namespace meridian::zone
