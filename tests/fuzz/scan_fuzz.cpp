// Any octets as a list or a watch of an API server, cut anywhere. Beyond what the sanitizers see: however they are cut,
// the same objects come out, none is longer than the limit, and the first and the last octet of each is its bracket.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object_scanner.hpp"
#include "require.hpp"

using meridian::fuzz::require;
using meridian::kube::ObjectScanner;

namespace {

constexpr std::uint64_t kObjectSize = 100;

struct Told {
  std::string text;
  boost::json::object identity;
  int fault = -1;
  bool operator==(const Told& other) const {
    return text == other.text && identity == other.identity && fault == other.fault;
  }
};

struct Teller final : ObjectScanner::Handler {
  std::vector<Told> all;
  void object(std::string_view text) override {
    require(text.size() <= kObjectSize, "no object is longer than the limit");
    require(text.front() == '{' && (text.back() == '}' || text.back() == ']'), "an object ends with its brackets");
    all.push_back({std::string(text), {}, -1});
  }
  void passed_over(boost::json::object identity, ObjectScanner::Fault fault) override {
    all.push_back({{}, std::move(identity), static_cast<int>(fault)});
  }
};

// `step`: makes the sizes of the pieces; 0: one piece.
std::vector<Told> scan(ObjectScanner::Form form, std::string_view text, unsigned step) {
  Teller teller;
  ObjectScanner scanner(form, kObjectSize, teller);
  try {
    for (unsigned n = step; !text.empty(); n = n * 31 + step) {
      const std::string piece(text.substr(0, step == 0 ? text.size() : 1 + n % step));
      text.remove_prefix(piece.size());
      scanner.feed(piece);
    }
    if (form == ObjectScanner::Form::List) teller.all.push_back({{}, scanner.finish(), -2});
  } catch (const ObjectScanner::Malformed& error) {
    teller.all.push_back({error.what(), {}, -3});
  }
  return std::move(teller.all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  for (const auto form : {ObjectScanner::Form::List, ObjectScanner::Form::Stream}) {
    const auto whole = scan(form, text, 0);
    for (const unsigned step : {1u, 2u, 7u, 100u}) require(scan(form, text, step) == whole, "cuts change nothing");
  }
  return 0;
}
