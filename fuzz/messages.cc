// The bytes of a stream as messages, and compressed messages.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/input.h"
#include "rpc/codec.h"
#include "rpc/compression.h"
#include "rpc/message_reader.h"

using tern::Buffer;
using tern::BufferQueue;
using tern::Compression;
using tern::fuzz::Input;
using tern::fuzz::require;

namespace {

constexpr std::size_t kLimit = std::size_t{64} * 1024;

struct Received {
  std::vector<std::string> messages;
  tern::StatusCode code = tern::StatusCode::kOk;
};

Received receive(std::span<const std::uint8_t> bytes, std::size_t piece, bool compressed) {
  tern::rpc::MessageReader reader{kLimit};
  if (compressed) reader.allow_compressed();
  Received received;
  BufferQueue queue;
  Input input{bytes.data(), bytes.size()};
  while (!input.empty() && received.code == tern::StatusCode::kOk) {
    received.code = reader.receive(input.take(piece), queue).code();
  }
  while (!queue.empty()) {
    const Buffer message = queue.pop();
    require(message.size() <= kLimit, "messages are within the limit");
    received.messages.emplace_back(message.text());
  }
  return received;
}

void inflate(std::span<const std::uint8_t> bytes, Compression compression) {
  const auto inflated = tern::rpc::inflate_message(Buffer::copy_of(bytes), compression, kLimit);
  require(!inflated.ok() || inflated->size() <= kLimit, "inflating stops at the limit");
}

void there_and_back(std::span<const std::uint8_t> bytes, Compression compression) {
  const tern::RawMessage message{std::string{bytes.begin(), bytes.end()}};
  Buffer encoded = tern::rpc::encode_message(message, bytes.size());
  require(!encoded.empty(), "a message within the limit can be encoded");
  const Buffer sent = tern::rpc::compress_message(std::move(encoded), compression);
  tern::rpc::MessageReader reader{bytes.size()};
  reader.allow_compressed();
  BufferQueue queue;
  require(reader.receive(sent.bytes(), queue).ok() && !queue.empty(), "what is sent can be received");
  Buffer received = queue.pop();
  if (received.marked()) {
    auto inflated = tern::rpc::inflate_message(received, compression, bytes.size());
    require(inflated.ok(), "what is compressed can be inflated");
    received = std::move(inflated).value();
  }
  require(std::ranges::equal(received.bytes(), bytes), "there and back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  const std::uint8_t first = input.byte();
  const std::size_t piece = std::size_t{1} + input.byte();
  const std::span<const std::uint8_t> bytes = input.rest();
  const bool compressed = first % 2 == 1;
  const Received whole = receive(bytes, bytes.size(), compressed);
  const Received cut = receive(bytes, piece, compressed);
  require(whole.messages == cut.messages && whole.code == cut.code, "whole and in pieces, the same messages");
  const Compression compression = first % 4 < 2 ? Compression::kGzip : Compression::kDeflate;
  inflate(bytes, compression);
  there_and_back(bytes, compression);
  return 0;
}
