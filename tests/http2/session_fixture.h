// Two ends of a connection, without sockets between them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "http2/end.h"

namespace tern::http2::test {

class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(Settings server_settings = {}) : server(Role::kServer, server_settings) { exchange(); }

  /// Moves what `from` has to say to `to`, cut into pieces; the number of bytes.
  static std::size_t move(End& from, End& to, std::size_t piece = 1 << 20) {
    const std::vector<std::uint8_t> bytes = take_output(from.session);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      to.session.receive({bytes.data() + at, std::min(piece, bytes.size() - at)});
    }
    return bytes.size();
  }
  void exchange(std::size_t piece = 1 << 20) {
    while (move(client, server, piece) + move(server, client, piece) > 0) {
    }
  }
  void open(NotedStream& stream) { ASSERT_TRUE(open_call(client.session, stream)); }

  End client{Role::kClient, {}};
  End server;
};

}  // namespace tern::http2::test
