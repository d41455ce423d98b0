// What /metrics and /status tell of forwarding.

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <memory>

#include "pages.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

// Two workers that have counted.
struct Counted {
  Counted() {
    for (std::uint64_t i = 0; i < 2; ++i) {
      auto& worker = *workers.emplace_back(std::make_unique<stats::WorkerCounters>());
      worker.cache_hits.add(50);
      worker.cache_denials.add(20);
      worker.cache_failures.add(5);
      worker.cache_stale.add(3);
      worker.cache_misses.add(25);
      worker.cache_prefetches.add(2);
      worker.forwarded.add(30 + i);
      worker.coalesced.add(6);
      worker.upstream_timeouts.add(7);
      worker.upstream_rejected.add(8);
      worker.upstream_strays.add(9);
      worker.upstream_doubles.add(10);
      worker.upstream_ports.add(11);
      worker.upstream_tcp.add(12);
      worker.upstream_connections.add(13);
      worker.upstream_loops.add(14);
      worker.forward_in_flight.set(15);
      worker.forward_latency[3].add(20);  // within 2 ms
      worker.forward_latency[9].add(10);  // within 128 ms
    }
  }
  void join(control::Frontend& frontend) const {
    for (const auto& worker : workers) frontend.counters.push_back(worker.get());
    frontend.cache = [] { return control::CacheStatus{1000, 300'000, 64 << 20, 17}; };
  }
  std::vector<std::unique_ptr<stats::WorkerCounters>> workers;
};

const std::vector<control::UpstreamStatus> kUpstreams = {
    {"10.96.0.10:53", "cluster.local", 0.5, true, false, 40, 1},
    {"192.0.2.1:53", ".", 0, false, true, 21, 20},
};

}  // namespace

TEST_CASE("the metrics of forwarding add up what the workers counted") {
  const Scratch scratch;
  RunningReconciler it(scratch.config());
  const Counted counted;
  Pages pages(scratch, it);
  counted.join(pages.frontend);
  pages.upstreams = kUpstreams;

  const std::pair<const char*, const char*> metrics[] = {
      {"meridian_cache_entries", "1000"},
      {"meridian_cache_bytes", "300000"},
      {"meridian_cache_limit_bytes", "67108864"},
      {"meridian_cache_evictions_total", "17"},
      {"meridian_cache_hits_total{type=\"success\"}", "100"},
      {"meridian_cache_hits_total{type=\"denial\"}", "40"},
      {"meridian_cache_hits_total{type=\"failure\"}", "10"},
      {"meridian_cache_misses_total", "50"},
      {"meridian_cache_served_stale_total", "6"},
      {"meridian_cache_prefetch_total", "4"},
      {"meridian_forward_questions_total", "61"},
      {"meridian_forward_coalesced_total", "12"},
      {"meridian_forward_attempt_timeouts_total", "14"},
      {"meridian_forward_rejected_replies_total", "16"},
      {"meridian_forward_stray_replies_total", "18"},
      {"meridian_forward_double_replies_total", "20"},
      {"meridian_forward_ports_total", "22"},
      {"meridian_forward_tcp_total", "24"},
      {"meridian_forward_connections_total", "26"},
      {"meridian_forward_loops_total", "28"},
      {"meridian_forward_in_flight", "30"},
      {"meridian_forward_duration_seconds_bucket{le=\"0.002\"}", "40"},
      {"meridian_forward_duration_seconds_bucket{le=\"+Inf\"}", "60"},
      {"meridian_upstream_up{upstream=\"10.96.0.10:53\",zone=\"cluster.local\"}", "1"},
      {"meridian_upstream_loop{upstream=\"10.96.0.10:53\",zone=\"cluster.local\"}", "0"},
      {"meridian_upstream_up{upstream=\"192.0.2.1:53\",zone=\".\"}", "0"},
      {"meridian_upstream_loop{upstream=\"192.0.2.1:53\",zone=\".\"}", "1"},
  };
  for (const auto& [name, value] : metrics) {
    CAPTURE(name);
    CHECK(pages.metric(name) == value);
  }
}

TEST_CASE("the status page says why forwarding is slow") {
  const Scratch scratch;
  RunningReconciler it(scratch.config());
  const Counted counted;
  Pages pages(scratch, it, "forward: {timeout: 1500ms, max-in-flight: 77}\n");
  counted.join(pages.frontend);
  pages.upstreams = kUpstreams;

  auto page = pages.status();
  CHECK(boost::json::serialize(page.at("cache")) ==
        R"({"replies":1000,"octets":300000,"limit":67108864,"evictions":17,)"
        R"("hits":{"success":100,"denial":40,"failure":10},"misses":50,"hit_ratio":7.5E-1,"stale":6,"prefetches":4})");
  const auto& forwarding = page.at("forwarding");
  CHECK(forwarding.at("questions").to_number<int>() == 61);
  CHECK(forwarding.at("in_flight").to_number<int>() == 30);
  CHECK(forwarding.at("max_in_flight").to_number<int>() == 77);
  CHECK(forwarding.at("half_within_ms").to_number<double>() == 2);
  CHECK(forwarding.at("99_percent_within_ms").to_number<double>() == 128);
  CHECK(forwarding.at("double_replies").to_number<int>() == 20);
  CHECK(page.at("upstreams").at(0).at("loop") == false);
  CHECK(page.at("upstreams").at(1).at("loop") == true);

  counted.workers[0]->forward_latency.back().add(40);  // beyond the last bound: the time-out bounds it
  CHECK(pages.status().at("forwarding").at("99_percent_within_ms").to_number<double>() == 1500);
}

TEST_CASE("the status page of a server that was asked nothing yet has no shares") {
  const Scratch scratch;
  RunningReconciler it(scratch.config());
  const Pages pages(scratch, it);
  const auto page = pages.status();
  CHECK(page.at("cache").at("hit_ratio").is_null());
  CHECK(page.at("cache").at("limit").to_number<int>() == 0);
  CHECK(page.at("forwarding").at("half_within_ms").is_null());
  CHECK(pages.metric("meridian_cache_limit_bytes") == "0");
}
