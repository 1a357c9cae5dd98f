#include "tern/rpc/compression.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "tern/rpc/message_reader.h"

namespace tern {

namespace {

constexpr std::array<std::string_view, 3> kNames{"identity", "deflate", "gzip"};

// zlib's formats by the size of the window: 15 is zlib's own, which HTTP calls deflate; 16 more is gzip.
int window_bits(Compression compression) { return compression == Compression::kGzip ? 15 + 16 : 15; }

/// A message's length has four bytes.
constexpr std::size_t kLongestMessage = 0xffffffff;

/// Longer scratch space is not kept.
constexpr std::size_t kKeptScratch = std::size_t{1} << 20;

/// zlib's state takes 256 KiB: one for each thread and format, used again.
class Deflater {
 public:
  explicit Deflater(Compression compression) {
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits(compression), 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc{};
    }
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&stream_); }

  /// The bytes written to `to`; nothing when there is no room for all.
  std::optional<std::size_t> run(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
    deflateReset(&stream_);
    stream_.next_in = const_cast<std::uint8_t*>(from.data());
    stream_.avail_in = static_cast<uInt>(from.size());
    stream_.next_out = to.data();
    stream_.avail_out = static_cast<uInt>(to.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return std::nullopt;
    return to.size() - stream_.avail_out;
  }

 private:
  z_stream stream_{};
};

class Inflater {
 public:
  explicit Inflater(Compression compression) : has_members_(compression == Compression::kGzip) {
    if (inflateInit2(&stream_, window_bits(compression)) != Z_OK) throw std::bad_alloc{};
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  void begin(std::span<const std::uint8_t> from) {
    inflateReset(&stream_);
    stream_.next_in = const_cast<std::uint8_t*>(from.data());
    stream_.avail_in = static_cast<uInt>(from.size());
  }
  /// Goes on into `to`; the bytes written. Asks more of done() and failed().
  std::size_t run(std::span<std::uint8_t> to) {
    stream_.next_out = to.data();
    stream_.avail_out = static_cast<uInt>(to.size());
    int result = inflate(&stream_, Z_NO_FLUSH);
    // The data may have several members, one behind the other (RFC 1952 §2.2).
    while (result == Z_STREAM_END && has_members_ && stream_.avail_in > 0) {
      inflateReset(&stream_);
      result = stream_.avail_out > 0 ? inflate(&stream_, Z_NO_FLUSH) : Z_OK;
    }
    done_ = result == Z_STREAM_END;
    // Where there is room left and it is not done, the input was cut short.
    failed_ = !done_ && (result != Z_OK || stream_.avail_out > 0);
    return to.size() - stream_.avail_out;
  }
  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] bool failed() const noexcept { return failed_ || (done_ && stream_.avail_in > 0); }

 private:
  z_stream stream_{};
  bool has_members_;
  bool done_ = false;
  bool failed_ = false;
};

template <class Machine>
Machine& machine_for(Compression compression) {
  if (compression == Compression::kGzip) {
    thread_local Machine gzip{Compression::kGzip};
    return gzip;
  }
  thread_local Machine deflate{Compression::kDeflate};
  return deflate;
}

}  // namespace

std::string_view name_of(Compression compression) noexcept { return kNames.at(static_cast<std::size_t>(compression)); }

namespace rpc {

std::optional<Compression> parse_compression(std::string_view name) noexcept {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Compression>(found - kNames.begin());
}

Buffer compress_message(Buffer message, Compression compression) {
  if (compression == Compression::kIdentity || message.size() <= kPrefixBytes) return message;
  const std::span<const std::uint8_t> plain = message.bytes().subspan(kPrefixBytes);
  // Room for a byte less than it has: what is no shorter is of no use.
  thread_local std::string scratch;
  scratch.resize(plain.size() - 1);
  const auto size =
      machine_for<Deflater>(compression).run(plain, {reinterpret_cast<std::uint8_t*>(scratch.data()), scratch.size()});
  if (!size) return message;
  Buffer compressed = Buffer::allocate(kPrefixBytes + *size);
  write_prefix(compressed.data(), *size, true);
  std::memcpy(compressed.data() + kPrefixBytes, scratch.data(), *size);
  if (scratch.capacity() > kKeptScratch) std::string{}.swap(scratch);
  return compressed;
}

Result<Buffer> inflate_message(const Buffer& message, Compression compression, std::size_t limit) {
  // Some implementations mark an empty message as compressed and send no byte of the compressed format.
  if (message.empty()) return message;
  limit = std::min(limit, kLongestMessage);
  auto& inflater = machine_for<Inflater>(compression);
  inflater.begin(message.bytes());
  thread_local std::string scratch;
  scratch.clear();
  do {
    // One byte more than is allowed shows that there is more.
    const std::size_t before = scratch.size();
    const std::size_t room = std::min(std::max<std::size_t>(before, 4 * message.size() + 64), limit - before + 1);
    scratch.resize(before + room);
    scratch.resize(before + inflater.run({reinterpret_cast<std::uint8_t*>(scratch.data()) + before, room}));
    if (scratch.size() > limit) {
      return Status{
          StatusCode::kResourceExhausted,
          fmt::format("received message inflates to more than {} bytes: raise max_receive_message_length", limit)};
    }
    if (inflater.failed()) {
      return Status{StatusCode::kInternal, fmt::format("received a message that is not {}", name_of(compression))};
    }
  } while (!inflater.done());
  Buffer inflated = Buffer::copy_of(std::string_view{scratch});
  if (scratch.capacity() > kKeptScratch) std::string{}.swap(scratch);
  return inflated;
}

}  // namespace rpc
}  // namespace tern
