#pragma once
// Questions to one server over TLS (RFC 7858), verified (RFC 8310, strict): one kept connection for all of them, opened
// by the first, in which answers come in any order. Queries with EDNS are padded.
//
// - A connection that ends takes what is in flight with it: those questions are Unreachable at once, and the next
//   question connects again. One that ends while it idles costs nothing.
// - One that ends before its first answer is a failure: questions fail fast for a moment, longer each time, and the
//   reason goes to the log, once.
// - A server that answers nothing for as long as a question is waited for is left, and connected to afresh.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/stats/counters.hpp>

#include "upstream/channel.hpp"
#include "upstream/entropy.hpp"
#include "upstream/tls_client.hpp"

namespace meridian::upstream {

class TlsChannel final : public Channel {
 public:
  static constexpr std::chrono::milliseconds kIdle{10000};  // without a question: closed; then nothing wakes us up

  // `server.tls` is set. `patience`: for one reply, and for a connection to open. What is borrowed must outlive the
  // channel.
  TlsChannel(boost::asio::io_context& loop, const config::Forward::Server& server, std::chrono::milliseconds patience,
             Entropy& entropy, stats::WorkerCounters& counters, TlsClient& tls, std::chrono::milliseconds idle = kIdle);
  ~TlsChannel() override;
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  std::uint16_t send(std::vector<std::uint8_t>& query, std::shared_ptr<Listener> listener) override;
  std::size_t in_flight() const override;

  static constexpr std::size_t kMostInFlight = 30000;
  static constexpr std::size_t kMostQueued = 1 << 20;           // octets that the connection has not taken yet
  static constexpr std::chrono::milliseconds kFirstPause{200};  // after a failure; doubled with each
  static constexpr std::chrono::milliseconds kLongestPause{1000};

 private:
  class Core;  // outlives the channel while one of its own handlers runs
  std::shared_ptr<Core> core_;
};

}  // namespace meridian::upstream
