#include "source/problem_book.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace meridian::source {
namespace {

constexpr std::size_t kTold = 100;

bool same(const Problem& a, const Problem& b) {
  return a.origin == b.origin && a.text == b.text;
}

bool holds(const std::vector<Problem>& problems, const Problem& problem) {
  return std::any_of(problems.begin(), problems.end(), [&](const Problem& each) { return same(each, problem); });
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (const auto octet = static_cast<unsigned char>(c); octet < 0x20 || octet > 0x7e)
      out += fmt::format("\\x{:02x}", octet);
    else
      out += c;
  return out;
}

ProblemBook::ProblemBook(std::string source) : source_(std::move(source)) {}

bool ProblemBook::set(const std::string& subject, const std::vector<Problem>& problems) {
  std::vector<Problem> before;
  for (const auto& row : rows_)
    if (row.subject == subject) before.push_back(row.problem);
  const auto mended =
      std::erase_if(rows_, [&](const Row& row) { return row.subject == subject && !holds(problems, row.problem); });
  bool changed = mended > 0;
  for (const auto& problem : problems) {
    if (holds(before, problem)) continue;
    spdlog::warn("source {}: {}: {}", source_, printable(problem.origin), printable(problem.text));
    rows_.push_back({subject, problem});
    changed = true;
  }
  if (changed && problems.empty()) spdlog::info("source {}: {}: mended", source_, printable(subject));
  return changed;
}

std::vector<Problem> ProblemBook::newest() const {
  std::vector<Problem> problems;
  const auto skipped = rows_.size() > kTold ? rows_.size() - kTold : 0;
  if (skipped > 0) problems.push_back({source_, fmt::format("{} more problems, older than these", skipped)});
  for (std::size_t i = skipped; i < rows_.size(); ++i) problems.push_back(rows_[i].problem);
  return problems;
}

}  // namespace meridian::source
