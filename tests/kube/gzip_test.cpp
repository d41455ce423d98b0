#include "kube/gzip.hpp"

#include <doctest/doctest.h>

#include "kube/base64.hpp"

namespace meridian::kube {
namespace {

// gzip -9n, in base64.
const std::string kHello = *decode_base64("H4sIAAAAAAACA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==");  // "hello world"
const std::string kEmpty = *decode_base64("H4sIAAAAAAACAwMAAAAAAAAAAAA=");                  // ""

// All that comes out, read `piece` octets at a time after feeding `step` octets at a time.
std::string gunzip(std::string_view compressed, std::size_t step, std::size_t piece, bool& complete) {
  Gunzip gunzip;
  std::string whole, out(piece, '\0');
  for (std::size_t at = 0; at < compressed.size(); at += step) {
    gunzip.feed(compressed.substr(at, step));
    while (const auto n = gunzip.read(out)) {
      CHECK(n <= piece);
      whole.append(out, 0, n);
    }
  }
  complete = gunzip.complete();
  return whole;
}

TEST_CASE("gzip comes out the same however it is cut") {
  for (const std::size_t step : {1, 2, 7, 1000}) {
    for (const std::size_t piece : {1, 3, 1000}) {
      bool complete = false;
      CHECK(gunzip(kHello, step, piece, complete) == "hello world");
      CHECK(complete);
    }
  }
}

TEST_CASE("members follow each other (RFC 1952, 2.2)") {
  bool complete = false;
  CHECK(gunzip(kHello + kEmpty + kHello, 5, 4, complete) == "hello worldhello world");
  CHECK(complete);
}

TEST_CASE("gzip that breaks off is not complete") {
  for (std::size_t n = 0; n < kHello.size(); ++n) {
    bool complete = true;
    gunzip(std::string_view(kHello).substr(0, n), 100, 100, complete);
    CHECK_FALSE(complete);
  }
}

TEST_CASE("what is no gzip, or is damaged, is refused") {
  bool complete = false;
  CHECK_THROWS_AS(gunzip("{\"kind\":\"List\"}", 100, 100, complete), BadGzip);
  CHECK_THROWS_AS(gunzip(kHello + "xy", 100, 100, complete), BadGzip);
  auto flipped = kHello;
  flipped[flipped.size() - 6] ^= 1;  // the check sum
  CHECK_THROWS_AS(gunzip(flipped, 100, 100, complete), BadGzip);
}

}  // namespace
}  // namespace meridian::kube
