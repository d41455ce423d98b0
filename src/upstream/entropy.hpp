#pragma once
// Random numbers that nobody outside can predict, for message ids and letter cases (RFC 5452, 4.3; DNS 0x20), taken
// from the kernel a block at a time. One a forwarder, on its thread.

#include <array>
#include <cstddef>
#include <cstdint>

namespace meridian::upstream {

class Entropy {
 public:
  std::uint8_t octet();
  std::uint16_t u16();
  // Evenly from 0 to n - 1; n > 0.
  std::uint32_t below(std::uint32_t n);

 private:
  void refill();  // throws std::system_error if the kernel gives none, which getrandom(2) rules out once it is up

  std::array<std::uint8_t, 256> block_{};
  std::size_t used_ = sizeof block_;
};

}  // namespace meridian::upstream
