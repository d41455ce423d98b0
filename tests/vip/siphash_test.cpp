#include <doctest/doctest.h>

#include <meridian/vip/allocator.hpp>
#include <meridian/vip/siphash.hpp>
#include <string>

using namespace meridian::vip;

// The key of the paper's appendix A: octets 00 01 .. 0f.
constexpr SipKey kPaperKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

// The input of length n of the reference implementation's table vectors_sip64: octets 00 01 .. n-1.
std::string counting(std::size_t n) {
  std::string octets;
  for (std::size_t i = 0; i < n; ++i) octets.push_back(static_cast<char>(i));
  return octets;
}

TEST_CASE("SipHash-2-4 agrees with the vectors of its authors") {
  struct {
    std::size_t length;
    std::uint64_t hash;
  } rows[] = {
      {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},  {3, 0x85676696d7fb7e2d},
      {4, 0xcf2794e0277187b7},  {5, 0x18765564cd99a68d},  {6, 0xcbc9466e58fee3ce},  {7, 0xab0200f58b01d137},
      {8, 0x93f5f5799a932462},  {9, 0x9e0082df0ba9e4b0},  {10, 0x7a5dbbc594ddb9f3}, {11, 0xf4b32f46226bada7},
      {12, 0x751e8fbc860ee5fb}, {13, 0x14ea5627c0843d90}, {14, 0xf723ca908e7af2ee}, {15, 0xa129ca6149be45e5},
  };
  for (const auto& row : rows) {
    CAPTURE(row.length);
    CHECK(siphash24(kPaperKey, counting(row.length)) == row.hash);
  }
}

TEST_CASE("the place of a host is published: a change here moves VIPs of everybody without a ledger") {
  CHECK(place_hash("httpbin.bar.global") == siphash24({0x6e6169646972656d, 0x79656b2d7069762d}, "httpbin.bar.global"));
  CHECK(place_hash("httpbin.bar.global") == 0x57e88da2f3f5ac49);
}
