#include "control/readiness.hpp"

namespace meridian::control {

Readiness readiness(const View& view) {
  Readiness result{true, {}};
  const auto not_ready = [&](std::string why) {
    result.ready = false;
    result.reasons.push_back(std::move(why));
  };
  if (view.draining) not_ready("draining: a signal ended this server");
  if (!view.reconciler.adopted_complete()) not_ready("no complete zone yet: unknown names are answered SERVFAIL");

  const auto& stale = view.reconciler.config().stale;
  for (const auto& source : view.reconciler.sources().status()) {
    if (source.state.up) continue;
    std::string why =
        "source " + source.name + ": " + (source.state.trouble.empty() ? "not synced yet" : source.state.trouble);
    const bool too_old = stale.max_age.count() > 0 && source.age > double(stale.max_age.count());
    if (!stale.ready || too_old) {
      not_ready(std::move(why));
    } else {
      result.reasons.push_back(std::move(why));
    }
  }
  if (const auto trouble = view.reconciler.vips().trouble(); !trouble.empty()) {
    result.reasons.push_back("ledger: " + trouble);
  }
  if (const auto* admiral = view.reconciler.admiral(); admiral && !admiral->trouble().empty()) {
    result.reasons.push_back("Admiral's addresses: " + admiral->trouble());
  }
  if (const auto& trouble = view.reconciler.snapshot().trouble(); !trouble.empty()) {
    result.reasons.push_back("snapshot: " + trouble);
  }
  if (const auto& trouble = view.reload.trouble(); !trouble.empty()) {
    result.reasons.push_back("configuration: " + trouble);
  }
  return result;
}

}  // namespace meridian::control
