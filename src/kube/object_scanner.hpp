#pragma once
// Cuts what an API server sends into whole JSON objects as it arrives: the items of a list, the events of a watch.

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kube/identity_finder.hpp"

namespace meridian::kube {

// A place in a JSON text, as far as it takes to find the end of a value.
class JsonPlace {
 public:
  void take(char octet) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (octet == '\\') {
        escaped_ = true;
      } else if (octet == '"') {
        in_string_ = false;
      }
    } else if (octet == '"') {
      in_string_ = true;
    } else if (octet == '{' || octet == '[') {
      ++depth_;
    } else if (octet == '}' || octet == ']') {
      --depth_;
    }
  }
  bool in_string() const { return in_string_; }
  std::size_t depth() const { return depth_; }

 private:
  std::size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

// Pure. Holds one object at a time, of at most `object_size` octets; the octets may be cut anywhere. Whether an object
// is JSON is for who parses it: here only brackets and strings count.
class ObjectScanner {
 public:
  static constexpr std::size_t kDeepest = 100;  // levels of one object; a ServiceEntry has 8

  enum class Form : std::uint8_t {
    List,   // {"kind": ..., "items": [OBJECT, ...], "metadata": {...}}, in any order
    Stream  // OBJECT OBJECT ..., with white space between them, or without
  };
  enum class Fault : std::uint8_t { TooLong, TooDeep };

  class Handler {
   public:
    virtual ~Handler() = default;
    // From its first bracket to its last; good until this returns.
    virtual void object(std::string_view text) = 0;
    // The end of an object that was not kept; who it is, see IdentityFinder.
    virtual void passed_over(boost::json::object identity, Fault fault) = 0;
  };

  // This is no list, or no stream of objects.
  struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  ObjectScanner(Form form, std::uint64_t object_size, Handler& handler);

  // Throws Malformed, and what the handler throws; then it is of no use any more.
  void feed(std::string_view octets);
  // The body has ended. Of a list: all of it but its items. Throws Malformed if it ended in the middle.
  boost::json::object finish() const;

 private:
  void outside(char octet);
  void around_items(char octet);
  void keep(std::string_view piece);
  void end_object(std::string_view piece);

  const Form form_;
  const std::uint64_t object_size_;
  Handler& handler_;

  bool in_object_ = false, too_deep_ = false;
  JsonPlace place_;                         // in the object
  std::string kept_;                        // its octets of earlier pieces
  std::uint64_t size_ = 0;                  // of those pieces, kept or not
  std::optional<IdentityFinder> identity_;  // if they are not kept

  JsonPlace around_;           // in the list, without its items
  std::string envelope_;       // its octets
  std::size_t last_text_ = 0;  // where in it the last text of the first level begins
  bool in_items_ = false, ended_ = false;
};

}  // namespace meridian::kube
