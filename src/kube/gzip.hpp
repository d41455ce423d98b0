#pragma once
// gzip (RFC 1952) as a stream: what goes in and what comes out are both bounded by the caller, so a bomb costs time and
// no memory.

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace meridian::kube {

struct BadGzip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // The next octets, which stay where they are until read() returned 0. Not before that.
  void feed(std::string_view compressed);
  // Fills `out` as far as what was fed goes; 0: feed more, or it ended. Throws BadGzip.
  std::size_t read(std::span<char> out);
  // Whether what was fed ends where a member ends: it may end here.
  bool complete() const;

 private:
  struct Inflater;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace meridian::kube
