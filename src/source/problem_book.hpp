#pragma once
// What is wrong at the moment, and since when: each problem is logged once when it comes and once when it is mended.

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "source/source.hpp"

namespace meridian::source {

// Control thread.
class ProblemBook {
 public:
  explicit ProblemBook(std::string source);

  // All problems of one subject (a file's name, for instance); none: mended. True: something is different now. Costs no
  // more where other subjects have many: each entry of a large cluster may have one.
  bool set(const std::string& subject, const std::vector<Problem>& problems);
  // Newest last; the newest hundred, and one more that counts the rest.
  std::vector<Problem> newest() const;

 private:
  const std::string source_;
  std::map<std::uint64_t, Problem> rows_;  // by number, in the order in which they came
  std::uint64_t next_row_ = 0;
  std::unordered_map<std::string, std::vector<std::uint64_t>> rows_of_;  // by subject; none is empty
};

}  // namespace meridian::source
