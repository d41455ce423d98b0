#include "server/responder.hpp"

#include <chrono>
#include <cstring>
#include <random>

#include <meridian/query/relay.hpp>

namespace meridian::server {

namespace {

using Clock = std::chrono::steady_clock;

// query::Where and stats::Place are the same words in the same order (neither room knows the other).
static_assert(int(query::Where::Zone) == int(stats::Place::Zone));
static_assert(int(query::Where::Cached) == int(stats::Place::Cached));
static_assert(int(query::Where::Forwarded) == int(stats::Place::Forwarded));
static_assert(int(query::Where::Error) + 1 == int(stats::Place::Count));

bool truncated(std::span<const std::uint8_t> reply) {
  return reply[2] & 0x02;
}  // TC: RFC 1035, 4.1.1

}  // namespace

Responder::Pending::Pending(Responder& responder, const Exchange& exchange)
    : responder_(responder), from_(exchange.from), kept_{from_, exchange.client.tcp, exchange.client, exchange.query} {
  auto& query = kept_.query;
  std::memcpy(octets_.data(), query.packet.data(), dns::kHeaderSize);
  std::memcpy(octets_.data() + dns::kHeaderSize, query.question.data(), query.question.size());
  query.packet = std::span(octets_).first(dns::kHeaderSize + query.question.size());
  query.question = query.packet.subspan(dns::kHeaderSize);
}

Responder::Responder(ZonePtr zones, SettingsPtr settings, upstream::Forwarder& forwarder,
                     stats::WorkerCounters& counters, QueryLog& log)
    : zones_(std::move(zones)),
      settings_(std::move(settings)),
      forwarder_(forwarder),
      counters_(counters),
      log_(log),
      random_(std::uint64_t{std::random_device{}()} << 32 | 1) {}

query::Outcome Responder::answer(std::span<const std::uint8_t> packet, Exchange& exchange,
                                 std::span<std::uint8_t> out) {
  const auto fault = dns::parse_query(packet, exchange.query);
  exchange.client = settings_->access.client(exchange.from, exchange.tcp);
  auto outcome = query::respond(exchange.query, fault, *zones_, settings_->query, exchange.client, next_turn(), out);

  using Action = query::Outcome::Action;
  std::string_view upstream;
  if (outcome.action == Action::Forward) {
    const auto known = forwarder_.cached(exchange.query, Clock::now());
    if (!known) return outcome;  // counted and logged when it is answered
    outcome = compose(*known, query::Where::Cached, exchange, out);
    upstream = known->upstream;
  }
  const bool reply = outcome.action == Action::Reply;
  count(exchange, reply ? stats::rcode_bucket(std::uint16_t(outcome.rcode)) : stats::RCode::Dropped, outcome.where);
  if (reply && !exchange.tcp && truncated(out)) counters_.udp_truncated.add();
  log_.write({exchange.from,
              exchange.tcp,
              exchange.query,
              reply ? std::optional(outcome.rcode) : std::nullopt,
              outcome.where,
              outcome.size,
              {},
              upstream});
  return outcome;
}

query::Outcome Responder::compose(const upstream::Result& result, query::Where where, const Exchange& exchange,
                                  std::span<std::uint8_t> out) {
  using Action = query::Outcome::Action;
  const auto& [from, tcp, client, query] = exchange;
  const bool cut = result.reply && result.reply->truncated;
  if (result.reply && !(cut && tcp))
    return {Action::Reply, query::relay(query, *result.reply, result.error, settings_->query, client, out),
            result.reply->rcode, where};
  // TC would say "ask over TCP", which this client has done.
  const auto error = cut ? dns::ExtendedError::NetworkError : *result.error;
  return {Action::Reply, query::fail(query, dns::Rcode::ServFail, error, settings_->query, client, out),
          dns::Rcode::ServFail, where};
}

void Responder::forward(std::unique_ptr<Pending> pending) {
  pending->owed_ = !ending_;
  if (pending->owed_) ++in_flight_;
  const auto& query = pending->kept_.query;
  forwarder_.ask(query, Clock::now(), std::move(pending));
}

void Responder::finish(Pending& pending, const upstream::Result& result) {
  const auto& [from, tcp, client, query] = pending.kept_;
  const auto outcome = compose(result, query::Where::Forwarded, pending.kept_, relayed_);
  const auto reply = std::span<const std::uint8_t>(relayed_).first(outcome.size);

  count(pending.kept_, stats::rcode_bucket(std::uint16_t(outcome.rcode)), outcome.where);
  if (!tcp && truncated(reply)) counters_.udp_truncated.add();
  log_.write({from, tcp, query, outcome.rcode, outcome.where, outcome.size, result.took, result.upstream});
  pending.send(reply);
  if (pending.owed_ && --in_flight_ == 0 && when_answered_) when_answered_();
}

void Responder::when_answered(std::function<void()> done) {
  ending_ = true;
  if (in_flight_ == 0) return done();
  when_answered_ = std::move(done);
}

ZonePtr Responder::adopt(ZonePtr next) {
  std::swap(zones_, next);
  return next;
}

// xorshift64* (Marsaglia 2003, Vigna 2016): which record comes first needs no secret.
query::Turn Responder::next_turn() {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return {turn_++, static_cast<std::uint32_t>(random_ * 0x2545f4914f6cdd1dull >> 32)};
}

void Responder::count(const Exchange& exchange, stats::RCode rcode, query::Where where) {
  const auto& query = exchange.query;
  counters_.queries
      .at(exchange.tcp ? stats::Transport::Tcp : stats::Transport::Udp,
          query.question.empty() ? stats::QType::Other : stats::bucket(std::uint16_t(query.type)), rcode,
          static_cast<stats::Place>(where))
      .add();
}

}  // namespace meridian::server
