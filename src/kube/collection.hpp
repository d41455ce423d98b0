#pragma once
// The questions to ask about one collection: which versions are served, a page of a list, a watch. What is done with
// the answers is the reflector's.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kube/api.hpp"
#include "kube/object_reader.hpp"
#include "kube/resource.hpp"

namespace meridian::kube {

// Control thread. Everything throws Refusal for an answer other than 200, and what Api throws. It must live until the
// coroutine ends.
class Collection {
 public:
  Collection(Api& api, Resource resource, std::uint64_t object_size);

  // Those of the resource's versions that its group has on this server, in the resource's order; at least one. Whether
  // they have the resource shows when it is asked for.
  boost::asio::awaitable<std::vector<std::string>> versions();
  // Hands the items of a page to `items`, and returns what is around them. `next`: the page before said so; empty: the
  // first. Without a resourceVersion in the question this is a quorum read: no list is older than what was told before.
  boost::asio::awaitable<boost::json::object> page(std::string version, std::string next, ObjectReader& items);
  // The events behind `position`, a resourceVersion.
  boost::asio::awaitable<std::unique_ptr<Stream>> watch(std::string version, std::string position);

  const Resource& resource() const { return resource_; }

 private:
  boost::asio::awaitable<std::unique_ptr<Stream>> open(std::string version, std::string query);

  Api& api_;
  const Resource resource_;
  const std::uint64_t object_size_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace meridian::kube
