#include "upstream/entropy.hpp"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace meridian::upstream {

std::uint8_t Entropy::octet() {
  if (used_ == block_.size()) refill();
  const auto value = block_[used_];
  block_[used_++] = 0;  // what was given out is not kept for whoever reads our memory later
  return value;
}

std::uint16_t Entropy::u16() {
  const unsigned high = octet();
  return static_cast<std::uint16_t>(high << 8 | octet());
}

std::uint32_t Entropy::below(std::uint32_t n) {
  // The upper end that does not divide evenly is thrown away, else small numbers would come up more often.
  const std::uint32_t limit = UINT32_MAX - UINT32_MAX % n;
  for (;;) {
    const std::uint32_t high = u16();
    const std::uint32_t value = high << 16 | u16();
    if (value < limit) return value % n;
  }
}

void Entropy::refill() {
  std::size_t have = 0;
  while (have < block_.size()) {
    const auto got = ::getrandom(block_.data() + have, block_.size() - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
    have += static_cast<std::size_t>(got);
  }
  used_ = 0;
}

}  // namespace meridian::upstream
