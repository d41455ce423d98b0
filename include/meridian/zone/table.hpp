#pragma once
// A persistent hash table of nodes: changing one name copies the path to it and shares the rest.

#include <meridian/zone/node.hpp>

namespace meridian::zone {

class Table {
 public:
  template <class F>
  void for_each(F&& f) const;
};

}  // namespace meridian::zone
