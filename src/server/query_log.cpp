#include "server/query_log.hpp"

#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include "server/socket_address.hpp"

namespace meridian::server {

namespace {

constexpr std::size_t kQueuedLines = 8192;
constexpr unsigned kSampledOneIn = 100;

// The question's name as master files write it: what is not printable comes as \DDD, so a name can't forge a line.
std::string name_of(const dns::Query& query) {
  return query.question.empty() ? "-" : dns::Name::from_wire(query.name.wire()).to_text();
}

}  // namespace

QueryLog::~QueryLog() = default;

void QueryLog::set_mode(config::Log::Queries mode) {
  mode_ = mode;
  if (mode_ == config::Log::Queries::Off || logger_) return;
  const auto& sinks = spdlog::default_logger()->sinks();
  queue_ = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1);
  logger_ = std::make_shared<spdlog::async_logger>("queries", sinks.begin(), sinks.end(), queue_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
}

void QueryLog::sample(const Line& line) {
  if (mode_ == config::Log::Queries::Sampled && seen_++ % kSampledOneIn != 0) return;
  const auto& query = line.query;
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "query client={} transport={} name={} type={} rcode={} where={} size={}",
                 to_endpoint(line.from).to_text(), line.tcp ? "tcp" : "udp", name_of(query),
                 query.question.empty() ? "-" : dns::to_text(query.type),
                 line.rcode ? dns::to_text(*line.rcode) : "dropped",
                 stats::to_text(static_cast<stats::Place>(line.where)), line.size);
  if (line.duration)
    fmt::format_to(std::back_inserter(text), " ms={:.3f} upstream={}",
                   static_cast<double>(line.duration->count()) / 1000, line.upstream.empty() ? "-" : line.upstream);
  logger_->info("{}", std::string_view{text.data(), text.size()});

  const auto lost = queue_->overrun_counter();
  counters_.query_log_dropped.add(lost - lost_);
  lost_ = lost;
}

}  // namespace meridian::server
