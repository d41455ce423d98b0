#pragma once
// The addresses that entries name, counted, so that the VIP pool can keep off them. Pure.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include <meridian/mesh/addresses.hpp>

namespace meridian::mesh {

// Each sorted.
struct LiteralChanges {
  std::vector<Address> added, removed;
};

// A multiset of addresses that tells what became of it: an address that two entries name is added once, and removed
// when the second lets go. What comes and goes between two calls of take() is never told. One thread.
class Literals {
 public:
  void add(const Address& address);
  void remove(const Address& address);  // that was added
  LiteralChanges take();                // since the last call

 private:
  std::unordered_map<Address, std::uint32_t> counts_;
  std::map<Address, bool> changed_;  // since the last take(): whether it was there then
};

}  // namespace meridian::mesh
