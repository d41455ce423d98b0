#pragma once
// Parses the objects that a scanner cuts, one by one.

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kube/object_scanner.hpp"

namespace meridian::kube {

class ObjectReader final : public ObjectScanner::Handler {
 public:
  using Take = std::function<void(boost::json::object)>;
  using PassOver = std::function<void(boost::json::object identity, std::string what)>;
  // `pass_over`: too long, too deep, or no JSON; see Listener::skipped. What they throw goes through feed().
  ObjectReader(std::uint64_t object_size, Take take, PassOver pass_over);

  void object(std::string_view text) override;
  void passed_over(boost::json::object identity, ObjectScanner::Fault fault) override;

 private:
  const std::uint64_t object_size_;
  const Take take_;
  const PassOver pass_over_;
};

// The text at object[keys...]; empty: there is none.
std::string_view text_at(const boost::json::object& object, std::string_view key);
std::string_view metadata_of(const boost::json::object& object, std::string_view key);

}  // namespace meridian::kube
