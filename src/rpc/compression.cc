#include "rpc/compression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "rpc/deflater.h"
#include "rpc/inflater.h"
#include "rpc/message_reader.h"

namespace tern {

namespace {

constexpr std::array<std::string_view, 3> kNames{"identity", "deflate", "gzip"};

/// A message's length has four bytes.
constexpr std::size_t kLongestMessage = 0xffffffff;

/// Longer scratch space is not kept.
constexpr std::size_t kKeptScratch = std::size_t{1} << 20;

/// zlib's states are large: one for each thread and format, used again.
template <class Machine>
Machine& machine_for(Compression compression) {
  if (compression == Compression::kGzip) {
    thread_local Machine gzip{rpc::DeflateFormat::kGzip};
    return gzip;
  }
  thread_local Machine deflate{rpc::DeflateFormat::kZlib};
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
  inflater.reset();
  inflater.feed(message.bytes());
  thread_local std::string scratch;
  scratch.clear();
  for (bool full = true; full && !inflater.complete();) {
    // One byte more than is allowed shows that there is more.
    const std::size_t before = scratch.size();
    const std::size_t room = std::min(std::max<std::size_t>(before, 4 * message.size() + 64), limit - before + 1);
    scratch.resize(before + room);
    const std::size_t size = inflater.run({reinterpret_cast<std::uint8_t*>(scratch.data()) + before, room});
    scratch.resize(before + size);
    full = size == room;
    if (scratch.size() > limit) {
      return Status{
          StatusCode::kResourceExhausted,
          fmt::format("received message inflates to more than {} bytes: raise max_receive_message_length", limit)};
    }
  }
  if (!inflater.complete()) {
    return Status{StatusCode::kInternal, fmt::format("received a message that is not {}", name_of(compression))};
  }
  Buffer inflated = Buffer::copy_of(std::string_view{scratch});
  if (scratch.capacity() > kKeptScratch) std::string{}.swap(scratch);
  return inflated;
}

}  // namespace rpc
}  // namespace tern
