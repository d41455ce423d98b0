#pragma once
// Who an object is that is too large to be kept: its name, namespace and resourceVersion, read from its octets as they
// pass by.

#include <boost/json/object.hpp>
#include <memory>
#include <string_view>

namespace meridian::kube {

// Pure; neither its memory nor its stack grows with the object: more than 500 levels of nesting are an error. An API
// server writes the metadata in front of what a user can nest.
class IdentityFinder {
 public:
  IdentityFinder();
  ~IdentityFinder();
  IdentityFinder(IdentityFinder&&) noexcept;

  // The next octets of one JSON object. What comes behind an error (no JSON, too deep) is not looked at.
  void feed(std::string_view octets);

  // What was found: {"metadata": {...}}; of an event {"type": ..., "object": {"metadata": {...}}}.
  boost::json::object take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace meridian::kube
