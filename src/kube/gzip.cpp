#include "kube/gzip.hpp"

#include <zlib.h>

namespace meridian::kube {
namespace {

constexpr int kGzipOnly = 15 + 16;  // the largest window, and a gzip header: zlib.h, inflateInit2

}  // namespace

struct Gunzip::Inflater {
  z_stream stream{};
  bool complete = false;  // at the end of a member
};

Gunzip::Gunzip() : inflater_(std::make_unique<Inflater>()) {
  if (inflateInit2(&inflater_->stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
}

Gunzip::~Gunzip() {
  inflateEnd(&inflater_->stream);
}

void Gunzip::feed(std::string_view compressed) {
  inflater_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  inflater_->stream.avail_in = static_cast<uInt>(compressed.size());
}

std::size_t Gunzip::read(std::span<char> out) {
  z_stream& stream = inflater_->stream;
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  while (stream.avail_out != 0) {
    if (inflater_->complete) {  // members may follow each other (RFC 1952, 2.2)
      if (stream.avail_in == 0) break;
      inflateReset(&stream);
      inflater_->complete = false;
    }
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    if (result == Z_STREAM_END) {
      inflater_->complete = true;
    } else if (result == Z_BUF_ERROR) {  // all of the input is used
      break;
    } else if (result != Z_OK) {
      throw BadGzip(stream.msg ? stream.msg : "the gzip data are damaged");
    }
  }
  return out.size() - stream.avail_out;
}

bool Gunzip::complete() const {
  return inflater_->complete;
}

}  // namespace meridian::kube
