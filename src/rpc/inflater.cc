#include "rpc/inflater.h"

#include <new>

namespace tern::rpc {

namespace {

constexpr int kWindowBits = 15;  // the largest: it reads what any window wrote

}  // namespace

Inflater::Inflater(DeflateFormat format) : has_members_(format == DeflateFormat::kGzip) {
  if (inflateInit2(&stream_, zlib_window(format, kWindowBits)) != Z_OK) throw std::bad_alloc{};
}

void Inflater::reset() {
  inflateReset(&stream_);
  stream_.avail_in = 0;
  ended_ = false;
  failed_ = false;
}

void Inflater::feed(std::span<const std::uint8_t> bytes) {
  stream_.next_in = const_cast<std::uint8_t*>(bytes.data());
  stream_.avail_in = static_cast<uInt>(bytes.size());
}

std::size_t Inflater::run(std::span<std::uint8_t> to) {
  stream_.next_out = to.data();
  stream_.avail_out = static_cast<uInt>(to.size());
  while (stream_.avail_out > 0 && !failed_) {
    if (ended_) {
      if (stream_.avail_in == 0) break;
      failed_ = !has_members_;
      if (failed_) break;
      inflateReset(&stream_);
      ended_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    ended_ = result == Z_STREAM_END;
    if (ended_) continue;
    if (result == Z_BUF_ERROR) break;
    failed_ = result != Z_OK;
    if (stream_.avail_in == 0) break;  // zlib has used all, so that it has written all
  }
  return to.size() - stream_.avail_out;
}

}  // namespace tern::rpc
