#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <meridian/zone/node.hpp>
#include <string>
#include <vector>

#include "support/zone_text.hpp"

using namespace meridian;
using dns::Type;

namespace {

dns::RRset addresses(const char* text) {
  const boost::asio::ip::address list[] = {boost::asio::ip::make_address(text)};
  return dns::RRset::addresses(30, list);
}

dns::RRset txt(const std::string& text) {
  const std::string strings[] = {text};
  return dns::RRset::txt(30, dns::Class::IN, strings);
}

bool same(const dns::RRsetView& a, const dns::RRsetView& b) {
  return a.type == b.type && a.count == b.count && a.target_is_question == b.target_is_question &&
         std::ranges::equal(a.records, b.records);
}

const dns::Name kOwner = test::name_of("httpbin.bar.global");
const dns::RRset kA = addresses("240.0.0.2");
const dns::RRset kAaaa = addresses("fd00::2");
const dns::RRset kMeta = txt("source=a");
const dns::RRset kTxt = txt("other");
const dns::RRset kSrv = dns::RRset::srv(30, std::vector<dns::RRset::Service>{{0, 100, 80}}, nullptr);

zone::NodePtr make(std::vector<dns::RRsetView> rrsets, dns::RRsetView meta = {}) {
  return zone::Node::make(
      {.owner = kOwner.wire(), .origin = zone::Node::Origin::Entry, .host = true, .rrsets = rrsets, .meta = meta});
}

}  // namespace

TEST_CASE("a node gives back what it was made of") {
  const auto node = make({kSrv, kAaaa, kTxt, kA}, kMeta);
  CHECK(std::ranges::equal(node->owner(), kOwner.wire()));
  CHECK(same(node->find(Type::A), kA));
  CHECK(same(node->find(Type::AAAA), kAaaa));
  CHECK(same(node->find(Type::SRV), kSrv));
  CHECK(same(node->find(Type::TXT), kTxt));
  CHECK(same(node->meta(), kMeta));
  CHECK(node->find(Type::PTR).empty());
  CHECK(node->rrsets() == 4);
  CHECK(node->host());
  CHECK_FALSE(node->pending());
  CHECK(node->has_data());
}

TEST_CASE("meta is not found as TXT, and an RRset of nothing is none") {
  const auto node = make({dns::RRset{}}, kMeta);
  CHECK(node->find(Type::TXT).empty());
  CHECK(node->any().empty());
  CHECK(node->rrsets() == 0);
  CHECK(same(node->meta(), kMeta));
  CHECK(make({kA})->meta().empty());
}

TEST_CASE("any() is A, else AAAA, else what there is") {
  CHECK(same(make({kSrv, kAaaa, kA})->any(), kA));
  CHECK(same(make({kSrv, kAaaa})->any(), kAaaa));
  CHECK(same(make({kSrv})->any(), kSrv));
  CHECK(make({}, kMeta)->any().empty());
}

TEST_CASE("nodes are the same if they answer the same, whatever the order they were given") {
  const auto node = make({kA, kSrv}, kMeta);
  CHECK(node->same_as(*make({kSrv, kA}, kMeta)));
  CHECK_FALSE(node->same_as(*make({kA}, kMeta)));
  CHECK_FALSE(node->same_as(*make({kA, kSrv})));
  CHECK_FALSE(node->same_as(*make({kA, kSrv}, kTxt)));
  CHECK_FALSE(node->same_as(*make({addresses("240.0.0.3"), kSrv}, kMeta)));
  CHECK_FALSE(make({kTxt})->same_as(*make({}, kTxt)));
  const std::vector<dns::RRsetView> rrsets = {kA};
  CHECK_FALSE(make({kA})->same_as(
      *zone::Node::make({.owner = kOwner.wire(), .origin = zone::Node::Origin::Entry, .rrsets = rrsets})));
}

TEST_CASE("a node is as small as its octets") {
  CHECK(make({kA})->size() == 8 + 8 + kOwner.wire().size() + kA.view().records.size());
  CHECK(zone::Node::make({.owner = kOwner.wire()})->size() == 8 + kOwner.wire().size());
}
