#include <bit>
#include <meridian/vip/free_places.hpp>
#include <utility>

namespace meridian::vip {

FreePlaces::FreePlaces(Pool pool, Family family)
    : pool_(std::move(pool)), family_(family), count_(pool_.usable_in(family)) {}

std::optional<FreePlaces::Bit> FreePlaces::bit_of(const Address& address) {
  if (family_of(address) != family_ || pool_.excluded(address)) return std::nullopt;
  const auto place = pool_.place_of(address);
  if (!place) return std::nullopt;
  const auto number = *place / Pool::kBlock;
  auto found = blocks_.find(number);
  if (found == blocks_.end()) found = blocks_.emplace(number, pool_.usable_block(family_, number)).first;
  return Bit{&found->second[*place % Pool::kBlock / 64], std::uint64_t{1} << *place % 64};
}

void FreePlaces::take(const Address& address) {
  const auto bit = bit_of(address);
  if (!bit || !(*bit->word & bit->mask)) return;
  *bit->word &= ~bit->mask;
  --count_;
}

void FreePlaces::give(const Address& address) {
  const auto bit = bit_of(address);
  if (!bit || (*bit->word & bit->mask)) return;
  *bit->word |= bit->mask;
  ++count_;
}

std::optional<Address> FreePlaces::next(std::uint64_t place) const {
  if (count_ == 0) return std::nullopt;
  auto found = search(place, pool_.places(family_));
  if (!found) found = search(0, place);
  return found ? std::optional(pool_.at(family_, *found)) : std::nullopt;
}

std::optional<std::uint64_t> FreePlaces::search(std::uint64_t begin, std::uint64_t end) const {
  for (auto place = begin; place < end;) {
    const auto number = place / Pool::kBlock;
    const auto known = blocks_.find(number);
    const auto block = known != blocks_.end() ? known->second : pool_.usable_block(family_, number);
    for (auto word = place % Pool::kBlock / 64; word < block.size(); ++word, place = place / 64 * 64 + 64) {
      const auto bits = block[word] >> place % 64;
      if (bits == 0) continue;
      place += static_cast<std::uint64_t>(std::countr_zero(bits));
      return place < end ? std::optional(place) : std::nullopt;
    }
    if (place < end && known == blocks_.end()) place = pool_.skip_excluded(family_, place);
  }
  return std::nullopt;
}

}  // namespace meridian::vip
