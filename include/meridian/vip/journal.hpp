#pragma once
// What the ledger has yet to be told. It remembers addresses, not events: a batch carries the present state of each
// address that changed since the last one, so a hundred changes of a host between two commits are one write, and the
// ledger after a batch is exactly the book at the moment of its take(). One thread.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <meridian/vip/record_book.hpp>

namespace meridian::vip {

class Journal {
 public:
  // The record at this address changed, came or went.
  void touch(const Address& address) { touched_.push_back(address); }

  // The next batch: what frees an address first, then what takes one, each in the order of addresses.
  std::vector<Change> take(RecordBook& book);
  // A batch is in the ledger: marks what it says `in_ledger`, unless a later batch says otherwise; returns the hosts of
  // the marked records.
  std::vector<std::string> committed(RecordBook& book, std::span<const Change> changes);
  // A batch will not be committed: its addresses are in the next one.
  void lost(std::span<const Change> changes);
  // The book is another one now: nothing is to be told, and batches of before mark nothing.
  void forget() { touched_.clear(); }

 private:
  std::vector<Address> touched_;  // with duplicates
  std::uint64_t batch_ = 0;       // never goes back, so that a late word of an old batch fits no record
};

}  // namespace meridian::vip
