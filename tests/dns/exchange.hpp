#pragma once
// A query, and the reply to it that a test composes.

#include <doctest/doctest.h>

#include <meridian/dns/message_builder.hpp>

#include "../support/ldns_oracle.hpp"
#include "wire_text.hpp"

namespace meridian::dns::test {

class Exchange {
 private:
  Octets packet_;
  std::size_t limit_;
  Octets out_;

 public:
  Query query;
  Fault fault;
  MessageBuilder reply;

  // `packet` as wire() reads it. The reply may have `limit` octets; nothing may be written behind them.
  explicit Exchange(const std::string& packet, std::size_t limit = 1232)
      : packet_(wire(packet)),
        limit_(limit),
        out_(limit + kGuard, kUntouched),
        fault(parse_query(packet_, query)),
        reply(query, out_, limit) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The reply's octets.
  Octets finish() {
    const std::size_t size = reply.finish();
    REQUIRE(size <= limit_);
    for (std::size_t i = limit_; i < out_.size(); ++i) REQUIRE(out_[i] == kUntouched);
    return {out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  // The reply as ldns reads it.
  oracle::Message read() {
    const auto message = oracle::read_message(finish());
    REQUIRE(message.has_value());
    return *message;
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr std::uint8_t kUntouched = 0xee;
};

}  // namespace meridian::dns::test
