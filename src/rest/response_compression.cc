#include "rest/response_compression.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "rest/content_coding.h"
#include "rest/entity_tag.h"
#include "rest/exchange.h"
#include "rest/http_syntax.h"
#include "rpc/deflater.h"
#include "rpc/lower_case.h"
#include "tern/async/sleep.h"

namespace tern::rest {

namespace {

using rpc::DeflateFormat;
using rpc::Deflater;

// gzip's own bytes and the work for both sides are not worth less.
constexpr std::size_t kLeastBytes = 1024;

// Other work of the loop waits as long as this takes, a few milliseconds.
constexpr std::size_t kBytesAtOnce = std::size_t{256} * 1024;

// Level 1, as nginx: each response pays for it.
constexpr Deflater::Effort kForBodies{.level = 1};
// A stream keeps its state as long as it lives: 48 KiB, not 256 KiB.
constexpr Deflater::Effort kForPieces{.level = 1, .window_bits = 13, .memory_level = 5};

bool has_element(const Response& response, std::string_view field, std::string_view lower) {
  bool found = false;
  visit_list(response.fields.joined(field), [&](std::string_view element) {
    found = equals_lower(element, lower);
    return !found;
  });
  return found;
}

/// Nothing where only the pieces themselves will tell.
std::optional<std::size_t> plain_length(const Response& response) {
  return response.pieces ? response.length : response.body.size();
}

/// True when the response may be compressed, for a client that accepts it.
bool may_compress(const Response& response) {
  if (response.status == 206 || has_no_body(response.status)) return false;
  for (const std::string_view field : {"content-encoding", "content-range", "content-length"}) {
    if (response.fields.get(field)) return false;
  }
  if (plain_length(response).value_or(kLeastBytes) < kLeastBytes) return false;
  return is_compressible(response.fields.get("content-type").value_or(std::string_view{})) &&
         !has_element(response, "cache-control", "no-transform");
}

void add_vary(Response& response) {
  if (has_element(response, "vary", "accept-encoding") || has_element(response, "vary", "*")) return;
  response.fields.add("vary", "accept-encoding");
}

Task<std::string> gzip_in_turns(std::string_view body) {
  Deflater deflater{DeflateFormat::kGzip, kForBodies};
  std::string compressed;
  while (body.size() > kBytesAtOnce) {
    deflater.add(body.substr(0, kBytesAtOnce), Deflater::Flush::kNone, compressed);
    body.remove_prefix(kBytesAtOnce);
    co_await sleep(std::chrono::nanoseconds{0});
  }
  deflater.add(body, Deflater::Flush::kEnd, compressed);
  co_return compressed;
}

std::string gzip_at_once(std::string_view body) {
  thread_local Deflater deflater{DeflateFormat::kGzip, kForBodies};
  std::string compressed;
  deflater.reset();
  deflater.add(body, Deflater::Flush::kEnd, compressed);
  return compressed;
}

// Pieces that become very short never wait for the client, so that nothing else would end the turn.
AsyncGenerator<std::string> gzip_pieces(AsyncGenerator<std::string> pieces) {
  const auto deflater = std::make_unique<Deflater>(DeflateFormat::kGzip, kForPieces);
  std::size_t in_this_turn = 0;
  while (std::optional<std::string> piece = co_await pieces.next()) {
    if (piece->empty()) continue;
    std::string compressed;
    std::string_view left = *piece;
    while (in_this_turn + left.size() > kBytesAtOnce) {
      const std::size_t part = std::min(left.size(), kBytesAtOnce - in_this_turn);
      deflater->add(left.substr(0, part), Deflater::Flush::kNone, compressed);
      left.remove_prefix(part);
      in_this_turn = 0;
      co_await sleep(std::chrono::nanoseconds{0});
    }
    deflater->add(left, Deflater::Flush::kPiece, compressed);
    in_this_turn += left.size();
    co_yield std::move(compressed);
  }
  std::string end;
  deflater->add({}, Deflater::Flush::kEnd, end);
  co_yield std::move(end);
}

/// False where the body would be no shorter.
Task<bool> compress(Response& response) {
  if (response.pieces) {
    response.pieces = gzip_pieces(std::exchange(response.pieces, {}));
    response.length.reset();
    co_return true;
  }
  std::string compressed;
  if (response.body.size() <= kBytesAtOnce) {
    compressed = gzip_at_once(response.body);
  } else {
    compressed = co_await gzip_in_turns(response.body);
  }
  const bool shorter = compressed.size() < response.body.size();
  if (shorter) response.body = std::move(compressed);
  co_return shorter;
}

}  // namespace

bool is_compressible(std::string_view content_type) {
  static constexpr std::array<std::string_view, 7> kTypes{
      "application/javascript", "application/json", "application/wasm",   "application/x-ndjson",
      "application/xml",        "image/svg+xml",    "application/graphql"};
  const std::string type = rpc::lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
  if (type.starts_with("application/connect+") || type.starts_with("application/grpc")) return false;
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::ranges::find(kTypes, type) != kTypes.end();
}

std::string gzip_of(std::string_view bytes) {
  Deflater deflater{DeflateFormat::kGzip};
  std::string compressed;
  deflater.add(bytes, Deflater::Flush::kEnd, compressed);
  return compressed;
}

Task<void> compress_response(const Request& request, Response& response) {
  if (response.status == 304) add_vary(response);  // as the whole would have it (RFC 9110 §15.4.5)
  if (!may_compress(response)) co_return;
  add_vary(response);
  if (!accepts_gzip(request.fields.joined("accept-encoding"))) co_return;
  const bool compressed = co_await compress(response);
  if (!compressed) co_return;
  response.fields.add("content-encoding", "gzip");
  response.fields.remove("accept-ranges");
  if (const auto tag = response.fields.get("etag")) response.fields.set("etag", weak_tag(*tag));
}

}  // namespace tern::rest
