// A connection's bytes, whole and in pieces, must mean the same.
#pragma once

#include "fuzz/input.h"
#include "http2/end.h"

namespace tern::fuzz {

/// Gives `bytes` to `end`, so many at a time, with what `after` does in between, as long as it takes some.
template <class After>
void feed(http2::test::End& end, std::span<const std::uint8_t> bytes, std::size_t piece, After after) {
  Input input{bytes.data(), bytes.size()};
  while (!input.empty() && end.session.receive(input.take(piece))) after();
  http2::test::take_output(end.session);
}

inline void require_same(const http2::test::NotedStream& one, const http2::test::NotedStream& other) {
  require(one.headers == other.headers, "the same header fields");
  require(one.aside == other.aside, "the same field beside them");
  require(one.data == other.data, "the same data");
  require(one.ended == other.ended && one.closed == other.closed && one.code == other.code, "the same end");
}

inline void require_same(const http2::test::End& one, const http2::test::End& other) {
  require(one.session.error_code() == other.session.error_code(), "the same error");
  require(one.gone_away == other.gone_away, "the same GOAWAY");
  require(one.streams.size() == other.streams.size(), "the same streams");
  for (std::size_t i = 0; i < one.streams.size(); ++i) require_same(*one.streams[i], *other.streams[i]);
}

}  // namespace tern::fuzz
