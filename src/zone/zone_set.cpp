#include <utility>

#include <meridian/zone/draft.hpp>
#include <meridian/zone/zone.hpp>

namespace meridian::zone {

std::shared_ptr<const ZoneSet> ZoneSet::create(std::vector<Spec> specs, std::uint32_t serial, std::uint64_t seed) {
  const NameHash hash(seed);
  auto apexes = std::make_shared<ApexIndex>(specs.size());
  std::vector<std::shared_ptr<const Zone>> zones;
  for (Spec& spec : specs) {
    const int place = static_cast<int>(zones.size());
    if (spec.kind == Kind::AnyHost) {
      if (apexes->fallback() != ApexIndex::kNone) continue;
      apexes->set_fallback(place);
    } else {
      const dns::FoldedName apex(spec.apex);
      if (!apexes->add(HashedName(apex, hash), place)) continue;
    }
    zones.push_back(Draft(std::move(spec), hash, serial).finish());
  }
  std::shared_ptr<ZoneSet> set(new ZoneSet(hash, std::move(apexes)));
  set->zones_ = std::move(zones);
  return set;
}

const Zone* ZoneSet::enclosing(const HashedName& name) const {
  const int place = apexes_->deepest(name);
  return place == ApexIndex::kNone ? nullptr : zones_[static_cast<std::size_t>(place)].get();
}

const Zone* ZoneSet::any_host() const {
  const int place = apexes_->fallback();
  return place == ApexIndex::kNone ? nullptr : zones_[static_cast<std::size_t>(place)].get();
}

int ZoneSet::taking(const HashedName& name) const {
  const int place = apexes_->deepest(name);
  return place == ApexIndex::kNone ? apexes_->fallback() : place;
}

}  // namespace meridian::zone
