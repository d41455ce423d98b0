#pragma once
// What is wrong at the moment, and since when: each problem is logged once when it comes and once when it is mended.

#include <string>
#include <vector>

#include "source/source.hpp"

namespace meridian::source {

// Control thread.
class ProblemBook {
 public:
  explicit ProblemBook(std::string source);

  // All problems of one subject (a file's name, for instance); none: mended. True: something is different now.
  bool set(const std::string& subject, const std::vector<Problem>& problems);
  // Newest last; the newest hundred, and one more that counts the rest.
  std::vector<Problem> newest() const;

 private:
  struct Row {
    std::string subject;
    Problem problem;
  };
  const std::string source_;
  std::vector<Row> rows_;  // in the order in which they came
};

// Safe to write into a log: control characters and all that is not ASCII as \xNN. Names and values
// in files are written by tenants.
std::string printable(std::string_view text);

}  // namespace meridian::source
