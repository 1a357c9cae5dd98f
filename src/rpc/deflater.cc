#include "rpc/deflater.h"

#include <algorithm>
#include <new>

namespace tern::rpc {

namespace {

constexpr std::size_t kLeastRoom = 256;

}  // namespace

Deflater::Deflater(DeflateFormat format) : Deflater(format, Effort{}) {}

Deflater::Deflater(DeflateFormat format, Effort effort) {
  const int window = zlib_window(format, effort.window_bits);
  if (deflateInit2(&stream_, effort.level, Z_DEFLATED, window, effort.memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc{};
  }
}

std::optional<std::size_t> Deflater::run(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
  deflateReset(&stream_);
  stream_.next_in = const_cast<std::uint8_t*>(from.data());
  stream_.avail_in = static_cast<uInt>(from.size());
  stream_.next_out = to.data();
  stream_.avail_out = static_cast<uInt>(to.size());
  if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  return to.size() - stream_.avail_out;
}

void Deflater::add(std::string_view piece, Flush flush, std::string& out) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_.avail_in = static_cast<uInt>(piece.size());
  do {
    const std::size_t before = out.size();
    out.resize(before + std::max(kLeastRoom, piece.size() / 4));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(out.size() - before);
    deflate(&stream_, static_cast<int>(flush));
    out.resize(out.size() - stream_.avail_out);
    // Where room was left, zlib has written all that it will.
  } while (stream_.avail_out == 0);
}

}  // namespace tern::rpc
