// What a client may send to a server after its greeting.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "fuzz/sessions.h"

using tern::fuzz::Input;
using tern::http2::kClientPreface;
using tern::http2::Role;
using tern::http2::test::End;
using tern::http2::test::NotedStream;

namespace {

void greet(End& server) {
  server.session.receive({reinterpret_cast<const std::uint8_t*>(kClientPreface.data()), kClientPreface.size()});
}

/// Answers each stream in another way.
void answer_all(End& server) {
  int turn = 0;
  for (const std::unique_ptr<NotedStream>& stream : server.streams) {
    if (stream->header_blocks == 0 || stream->trailers_sent || !stream->open()) continue;
    switch (++turn % 4) {
      case 0:
        stream->reset(tern::http2::ErrorCode::kCancel);
        break;
      case 1:
        tern::http2::test::answer(*stream);
        stream->send_data(tern::Buffer::copy_of("a message"));
        stream->send_end();
        break;
      case 2:
        tern::http2::test::answer(*stream);
        stream->send_data(tern::Buffer::allocate(100'000));
        break;
      default:
        break;
    }
  }
  tern::http2::test::take_output(server.session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  const std::size_t piece = std::size_t{1} + input.byte();
  const std::span<const std::uint8_t> bytes = input.rest();
  End whole{Role::kServer, {}};
  End cut{Role::kServer, {}};
  End answering{Role::kServer, {.max_concurrent_streams = 8}};
  for (End* end : {&whole, &cut, &answering}) greet(*end);
  tern::fuzz::feed(whole, bytes, bytes.size(), [] {});
  tern::fuzz::feed(cut, bytes, piece, [] {});
  tern::fuzz::require_same(whole, cut);
  tern::fuzz::feed(answering, bytes, piece * 16, [&] { answer_all(answering); });
  return 0;
}
