#pragma once
// Counters of one worker: one writer, the worker; any reader. Relaxed atomics written with a load and a store, so they
// cost what a plain increment costs.

#include <array>
#include <atomic>
#include <cstdint>

namespace meridian::stats {

class Counter {
 public:
  void add(std::uint64_t n = 1) { v_.store(v_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return v_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> v_{0};
};

// A value that goes up and down; same rules.
class Gauge {
 public:
  void set(std::int64_t n) { v_.store(n, std::memory_order_relaxed); }
  void add(std::int64_t n) { v_.store(v_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::int64_t get() const { return v_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> v_{0};
};

// Types that have a counter of their own; every other type counts as Other, so a client can't make new series.
enum class QType : std::uint8_t { A, AAAA, SRV, PTR, TXT, NS, SOA, MX, HTTPS, SVCB, DS, ANY, Other, Count };
QType bucket(std::uint16_t type);
const char* to_text(QType type);

// Reply codes that have a counter of their own. Dropped: no reply was sent.
enum class RCode : std::uint8_t { NoError, FormErr, ServFail, NXDomain, NotImp, Refused, Other, Dropped, Count };
RCode rcode_bucket(std::uint16_t rcode);
const char* to_text(RCode rcode);

// Where an answer was made; the same words as query::Where, which this room may not know.
enum class Place : std::uint8_t {
  Zone,
  Wildcard,
  Reverse,
  Host,
  Special,
  Chaos,
  Cached,
  Forwarded,
  Refused,
  Error,
  Count
};
const char* to_text(Place place);

enum class Transport : std::uint8_t { Udp, Tcp, Count };
const char* to_text(Transport transport);

template <class... E>
constexpr std::size_t cells = (static_cast<std::size_t>(E::Count) * ...);

struct Queries {
  std::array<Counter, cells<Transport, QType, RCode, Place>> cell;
  Counter& at(Transport t, QType q, RCode r, Place p) { return cell[index(t, q, r, p)]; }
  const Counter& at(Transport t, QType q, RCode r, Place p) const { return cell[index(t, q, r, p)]; }

 private:
  static std::size_t index(Transport t, QType q, RCode r, Place p) {
    std::size_t i = std::size_t(t);
    i = i * std::size_t(QType::Count) + std::size_t(q);
    i = i * std::size_t(RCode::Count) + std::size_t(r);
    return i * std::size_t(Place::Count) + std::size_t(p);
  }
};

struct alignas(64) WorkerCounters {
  Queries queries;
  Counter udp_truncated;  // replies sent with TC
  Counter udp_send_errors;
  Counter tcp_accepted;
  Counter tcp_refused;  // over tcp-clients-per-address
  Counter tcp_evicted;  // oldest idle, over tcp-clients
  Counter tcp_timeouts;
  Counter tcp_accept_pauses;  // out of descriptors: accepting stopped for 100 ms
  Gauge tcp_open;
  Counter adoptions;             // zone sets taken over
  Counter forwarded;             // questions that went upstream
  Counter forward_failed;        // ... and were answered SERVFAIL
  Counter forward_refused_busy;  // over max-in-flight
  Counter coalesced;             // ... that waited for the same question of somebody else
  Counter cache_hits;            // answered from the cache, positive
  Counter cache_denials;         // ... NODATA or NXDOMAIN
  Counter cache_failures;        // ... SERVFAIL (RFC 9520)
  Counter cache_stale;           // ... after its end, because nobody could be asked (RFC 8767)
  Counter cache_misses;
  Counter cache_prefetches;   // asked again before their end
  Counter upstream_timeouts;  // attempts
  Counter upstream_rejected;  // replies that were not believed: not to what was asked
  Counter upstream_strays;   // datagrams with an id that nobody waits for, or on another port than that of its question
  Counter upstream_doubles;  // second answers to one question: a forger, or a network that doubles
  Counter upstream_ports;    // UDP ports that questions left from
  Counter upstream_tcp;      // asked again over TCP
  Counter upstream_connections;  // TCP and TLS connections that were opened
  Counter upstream_loops;        // questions of ours that came back to us
  Gauge forward_in_flight;
  std::array<Counter, 14> forward_latency;  // buckets of kForwardLatencyBounds, the last is +Inf
  Counter forward_latency_sum_us;
  Counter query_log_dropped;
};

// Upper bounds of the forward latency histogram, in milliseconds.
inline constexpr std::array<double, 13> kForwardLatencyBounds = {0.25, 0.5, 1,   2,   4,   8,   16,
                                                                 32,   64,  128, 256, 512, 1024};

}  // namespace meridian::stats
