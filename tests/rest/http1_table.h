// The table of raw HTTP/1.1 requests, http1_table.txt, which says how it is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tern::rest::test {

/// A request that the sender adds, and the status that only it is answered with.
inline constexpr std::string_view kProbe = "GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
inline constexpr std::string_view kProbeStatus = "299";

struct Http1Row {
  std::string name;
  std::string bytes;
  /// Statuses of all responses, with kProbeStatus last where the connection stays open: "200 400", "200 299".
  std::string statuses;
};

/// Throws std::runtime_error for a table that is not well-formed, saying where.
std::vector<Http1Row> read_http1_table();

}  // namespace tern::rest::test
