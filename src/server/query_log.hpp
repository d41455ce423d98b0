#pragma once
// One line a query, if the operator wants it (log.queries). One a worker; its thread only.

#include <sys/socket.h>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <meridian/config/config.hpp>
#include <meridian/dns/message.hpp>
#include <meridian/query/respond.hpp>
#include <meridian/stats/counters.hpp>

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace meridian::server {

// Lines go to the sinks of the default logger by a queue and a thread of their own, so a slow terminal or disk never
// holds up a worker: if the queue is full the oldest lines are lost, and counted.
class QueryLog {
 public:
  explicit QueryLog(stats::WorkerCounters& counters) : counters_(counters) {}
  ~QueryLog();
  QueryLog(const QueryLog&) = delete;
  QueryLog& operator=(const QueryLog&) = delete;

  void set_mode(config::Log::Queries mode);

  struct Line {
    const sockaddr_storage& from;
    bool tcp;
    const dns::Query& query;
    std::optional<dns::Rcode> rcode;  // none: no reply was sent
    query::Where where;
    std::size_t size;
    std::optional<std::chrono::microseconds> duration{};  // of a forwarded question
    std::string_view upstream{};
  };
  // One branch if the log is off.
  void write(const Line& line) {
    if (mode_ != config::Log::Queries::Off) sample(line);
  }

 private:
  void sample(const Line& line);

  stats::WorkerCounters& counters_;
  config::Log::Queries mode_ = config::Log::Queries::Off;
  unsigned seen_ = 0;
  std::size_t lost_ = 0;
  std::shared_ptr<spdlog::details::thread_pool> queue_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace meridian::server
