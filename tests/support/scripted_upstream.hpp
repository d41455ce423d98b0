#pragma once
// A DNS server on loopback that does what a test tells it, wrong things above all. UDP and TCP on one port that the
// kernel chose; a thread of its own.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::test {

using Octets = std::vector<std::uint8_t>;

// What goes back for one query, and when.
struct Step {
  Octets octets;
  std::chrono::milliseconds after{0};
};

class ScriptedUpstream {
 public:
  // `number` counts the queries of that transport from 0. Called on the upstream's thread.
  using Udp = std::function<std::vector<Step>(const Octets& query, unsigned number)>;
  // The stream that goes back, lengths included; the connection is closed behind it.
  using Tcp = std::function<Octets(const Octets& query, unsigned number)>;

  // Without `tcp` nobody listens there. On `port` if it is given.
  explicit ScriptedUpstream(Udp udp, Tcp tcp = nullptr, std::uint16_t port = 0);
  ~ScriptedUpstream();

  config::Endpoint endpoint() const;
  unsigned asked() const;  // over UDP
  unsigned asked_over_tcp() const;
  std::vector<Octets> queries() const;       // over UDP, in order
  std::vector<std::uint16_t> ports() const;  // they came from

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A port of loopback that nobody listens on.
config::Endpoint closed_port();

// Replies to make scripts from.
namespace replies {

constexpr std::size_t kQuestionAt = 12;

// The query made its reply: QR, RA and the rcode; no records, no OPT.
Octets header(const Octets& query, unsigned rcode);
// An A record `192.0.2.<last>` for whatever is asked.
Octets address(const Octets& query, std::uint8_t last = 1);
// `count` A records, whatever the size.
Octets addresses(const Octets& query, unsigned count);
Octets truncated(const Octets& query);
Octets with_length(const Octets& message);  // as it goes over TCP
bool has_edns(const Octets& query);

}  // namespace replies

}  // namespace meridian::test
