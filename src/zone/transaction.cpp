#include <meridian/zone/transaction.hpp>

#include <optional>
#include <utility>
#include <vector>

#include <meridian/zone/draft.hpp>

namespace meridian::zone {

struct Transaction::State {
  std::shared_ptr<const ZoneSet> base;
  std::vector<std::optional<Draft>> drafts;  // by the place of the zone; of those that somebody wrote to
  std::optional<bool> ready;

  Draft& draft(std::size_t place) {
    if (!drafts[place]) drafts[place].emplace(*base->zones()[place]);
    return *drafts[place];
  }
  bool changes_names(std::size_t place) const { return drafts[place] && drafts[place]->changed(); }
  bool changes_ready(std::size_t place) const { return ready && *ready != base->zones()[place]->ready(); }
};

Transaction::Transaction(std::shared_ptr<const ZoneSet> base) : state_(std::make_unique<State>()) {
  state_->drafts.resize(base->zones().size());
  state_->base = std::move(base);
}

Transaction::~Transaction() = default;

bool Transaction::replace(const dns::Name& owner, const Records& records) {
  const dns::FoldedName folded(owner);
  const HashedName name = state_->base->hashed(folded);
  const int place = state_->base->taking(name);
  if (place == ApexIndex::kNone) return false;
  state_->draft(static_cast<std::size_t>(place)).replace(name, records);
  return true;
}

bool Transaction::remove(const dns::Name& owner) {
  const dns::FoldedName folded(owner);
  const HashedName name = state_->base->hashed(folded);
  const int place = state_->base->taking(name);
  return place != ApexIndex::kNone && state_->draft(static_cast<std::size_t>(place)).remove(name);
}

void Transaction::set_ready(bool ready) {
  state_->ready = ready;
}

bool Transaction::changes_anything() const {
  for (std::size_t place = 0; place < state_->drafts.size(); ++place) {
    if (state_->changes_names(place) || state_->changes_ready(place)) return true;
  }
  return false;
}

std::shared_ptr<const ZoneSet> Transaction::commit(const std::function<std::uint32_t()>& next_serial) {
  if (!changes_anything()) return std::move(state_->base);

  std::shared_ptr<ZoneSet> next(new ZoneSet(*state_->base));
  for (std::size_t place = 0; place < next->zones_.size(); ++place) {
    const bool names = state_->changes_names(place);
    const bool ready = state_->changes_ready(place);
    if (!names && !ready) continue;
    Draft& draft = state_->draft(place);
    if (names) draft.set_serial(next_serial());
    if (ready) draft.set_ready(*state_->ready);
    next->zones_[place] = draft.finish();
  }
  return next;
}

}  // namespace meridian::zone
