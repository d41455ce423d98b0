#pragma once
// RRsets as the octets that will be sent (design decision 3): made and checked once, on the control thread, by ldns.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/dns/name.hpp>
#include <meridian/dns/types.hpp>

namespace meridian::dns {

// Where a reader finds an RRset's octets: a view into a zone's node or into an RRset, no ownership.
// Each record is TYPE, CLASS, TTL, RDLENGTH, RDATA: everything of RFC 1035, 4.1.3 except the owner, which the composer
// writes as a pointer into the question.
struct RRsetView {
  Type type{};
  std::uint16_t count = 0;                // records
  bool target_is_question = false;        // SRV under a wildcard: RDATA lacks its target, which is the question's name
  std::span<const std::uint8_t> records;  // `count` of them, one after another

  bool empty() const { return count == 0; }
};

// An RRset with its octets: a value, movable and copyable.
// All makers: control thread or tests; they allocate. They throw std::invalid_argument where ldns refuses the data or a
// TTL is 2^31 or more (RFC 2181, 8); the text says which record and why. Duplicates are kept out by the caller; an
// empty list makes an RRset without records.
class RRset {
 public:
  RRset() = default;

  // One A or AAAA record an address, in the order given; all addresses of one family (A if there is none).
  static RRset addresses(std::uint32_t ttl, std::span<const boost::asio::ip::address> addresses);
  static RRset soa(std::uint32_t ttl, const Name& mname, const Name& rname, std::uint32_t serial, std::uint32_t refresh,
                   std::uint32_t retry, std::uint32_t expire, std::uint32_t minimum);
  static RRset ns(std::uint32_t ttl, const Name& target);
  static RRset ptr(std::uint32_t ttl, std::span<const Name> targets);
  // One TXT record of one or more character-strings; a string over 255 octets is split (RFC 1035, 3.3.14).
  static RRset txt(std::uint32_t ttl, Class klass, std::span<const std::string> strings);

  struct Service {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
  };
  // RFC 2782. Without a target the question's name will be the target (wildcards).
  static RRset srv(std::uint32_t ttl, std::span<const Service> services, const Name* target);

  RRsetView view() const { return {type_, count_, target_is_question_, octets_}; }
  operator RRsetView() const { return view(); }  // NOLINT: an RRset is its view, with an owner
  Type type() const { return type_; }

 private:
  RRset(Type type, std::uint16_t count, std::vector<std::uint8_t> octets);

  Type type_{};
  std::uint16_t count_ = 0;
  bool target_is_question_ = false;
  std::vector<std::uint8_t> octets_;
};

}  // namespace meridian::dns
