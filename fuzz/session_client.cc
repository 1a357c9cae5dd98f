// What a server may send to a client that has calls open.
#include <array>
#include <cstddef>
#include <cstdint>

#include "fuzz/sessions.h"

using tern::fuzz::Input;
using tern::http2::Role;
using tern::http2::test::End;
using tern::http2::test::NotedStream;

namespace {

/// Three calls: one whole, one of which the end is to come, one that has so much to send.
class Calls {
 public:
  explicit Calls(std::size_t size) {
    for (NotedStream& stream : streams) tern::http2::test::open_call(end.session, stream);
    streams[0].send_end();
    streams[2].send_data(tern::Buffer::allocate(size));
    streams[2].send_end();
    tern::http2::test::take_output(end.session);
  }
  std::array<NotedStream, 3> streams;
  End end{Role::kClient, {}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  const std::size_t piece = std::size_t{1} + input.byte();
  const std::span<const std::uint8_t> bytes = input.rest();
  Calls whole{100};
  Calls cut{100};
  Calls writing{70'000};  // more than the window
  tern::fuzz::feed(whole.end, bytes, bytes.size(), [] {});
  tern::fuzz::feed(cut.end, bytes, piece, [] {});
  tern::fuzz::require_same(whole.end, cut.end);
  for (std::size_t i = 0; i < whole.streams.size(); ++i) tern::fuzz::require_same(whole.streams[i], cut.streams[i]);
  tern::fuzz::feed(writing.end, bytes, piece * 16, [&] {
    writing.streams[1].send_data(tern::Buffer::copy_of("a message"));
    tern::http2::test::take_output(writing.end.session);
  });
  return 0;
}
