#include "source/problem_book.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "kube/readable.hpp"

namespace meridian::source {
namespace {

using kube::readable;

constexpr std::size_t kTold = 100;
constexpr std::size_t kLongestText = 1000;  // octets, in the log

bool same(const Problem& a, const Problem& b) {
  return a.origin == b.origin && a.text == b.text;
}

}  // namespace

ProblemBook::ProblemBook(std::string source) : source_(std::move(source)) {}

bool ProblemBook::set(const std::string& subject, const std::vector<Problem>& problems) {
  auto& mine = rows_of_[subject];
  const auto mended = std::erase_if(mine, [&](std::uint64_t row) {
    const auto at = rows_.find(row);
    if (std::ranges::any_of(problems, [&](const Problem& each) { return same(each, at->second); })) return false;
    rows_.erase(at);
    return true;
  });
  bool changed = mended > 0;
  const std::vector<std::uint64_t> kept = mine;
  for (const auto& problem : problems) {
    if (std::ranges::any_of(kept, [&](std::uint64_t row) { return same(rows_.at(row), problem); })) continue;
    spdlog::warn("source {}: {}: {}", source_, readable(problem.origin), readable(problem.text, kLongestText));
    mine.push_back(next_row_);
    rows_.emplace(next_row_++, problem);
    changed = true;
  }
  if (mine.empty()) rows_of_.erase(subject);
  if (changed && problems.empty()) spdlog::info("source {}: {}: mended", source_, readable(subject));
  return changed;
}

std::vector<Problem> ProblemBook::newest() const {
  std::vector<Problem> problems;
  const auto skipped = rows_.size() > kTold ? rows_.size() - kTold : 0;
  if (skipped > 0) problems.push_back({source_, fmt::format("{} more problems, older than these", skipped)});
  for (auto row = std::prev(rows_.end(), static_cast<std::ptrdiff_t>(rows_.size() - skipped)); row != rows_.end();
       ++row)
    problems.push_back(row->second);
  return problems;
}

}  // namespace meridian::source
