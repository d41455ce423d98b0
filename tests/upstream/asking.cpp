#include "upstream/asking.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace meridian::test {

namespace {

std::vector<std::uint8_t> query_for(const std::string& name, dns::Type type, Flags flags = {}) {
  const auto wire = *dns::Name::from_text(name);
  const std::uint8_t cd = flags.checking_disabled ? 0x10 : 0, opts = flags.dnssec_ok ? 1 : 0;
  std::vector<std::uint8_t> packet = {0x12, 0x34, 1, cd, 0, 1, 0, 0, 0, 0, 0, opts};
  packet.insert(packet.end(), wire.wire().begin(), wire.wire().end());
  const auto number = static_cast<std::uint16_t>(type);
  packet.insert(packet.end(), {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff), 0, 1});
  if (flags.dnssec_ok) packet.insert(packet.end(), {0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0});
  return packet;
}

std::string describe(const upstream::Result& result) {
  if (!result.reply) return "error " + std::to_string(static_cast<int>(*result.error));
  const auto& reply = *result.reply;
  auto text = dns::to_text(reply.rcode);
  if (reply.truncated) text += " tc";
  if (reply.counts[0] == 1) {  // the address of the one A record of our scripts: the last four octets before any OPT
    const auto end = reply.opt_begin ? reply.opt_begin : reply.octets.size();
    for (std::size_t i = end - 4; i < end; ++i) text += (i == end - 4 ? " " : ".") + std::to_string(reply.octets[i]);
  } else if (reply.counts[0] > 1) {
    text += " " + std::to_string(reply.counts[0]) + " records";
  }
  if (result.error == dns::ExtendedError::StaleAnswer) text += " stale";
  return text;
}

// Appends its end to a list.
class Noting final : public upstream::Client {
 public:
  explicit Noting(std::vector<std::string>& ends) : ends_(ends) {}
  void answered(const upstream::Result& result) override { ends_.push_back(describe(result)); }

 private:
  std::vector<std::string>& ends_;
};

}  // namespace

Asking::Asking(const config::Forward& settings)
    : own_(std::make_unique<upstream::SharedState>(settings)), shared(*own_) {
  shared.watch_loops = false;
  forwarder.emplace(loop, settings, shared, counters);
}

Asking::Asking(const config::Forward& settings, upstream::SharedState& with) : shared(with) {
  forwarder.emplace(loop, settings, shared, counters);
}

void Asking::begin(const std::string& name, std::vector<std::string>& ends, dns::Type type, Flags flags) {
  const auto packet = query_for(name, type, flags);
  dns::Query query;
  dns::parse_query(packet, query);
  forwarder->ask(query, std::chrono::steady_clock::now(), std::make_unique<Noting>(ends));
}

std::string Asking::known(const std::string& name, dns::Type type) {
  const auto packet = query_for(name, type);
  dns::Query query;
  dns::parse_query(packet, query);
  const auto result = forwarder->cached(query, std::chrono::steady_clock::now());
  return result ? describe(*result) : "unknown";
}

std::string Asking::ask(const std::string& name, dns::Type type) {
  std::vector<std::string> ends;
  begin(name, ends, type);
  return run_until([&] { return !ends.empty(); }) ? ends.front() : "no end";
}

bool Asking::run_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < deadline) {
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(50));
  }
  return condition();
}

}  // namespace meridian::test
