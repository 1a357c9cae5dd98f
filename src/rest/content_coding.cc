#include "rest/content_coding.h"

#include <fmt/format.h>

#include <utility>

#include "rest/envelope.h"
#include "rest/http_syntax.h"
#include "rest/weighted_list.h"
#include "rpc/compression.h"
#include "rpc/lower_case.h"
#include "rpc/message_reader.h"

namespace tern::rest {

Compression parse_coding(std::string_view name, std::string_view where) {
  if (name.empty()) return Compression::kIdentity;
  std::string lower = rpc::lower_case(name);
  if (lower == "x-gzip") lower = "gzip";  // RFC 9110 §8.4.1.3
  if (const auto coding = rpc::parse_compression(lower)) return *coding;
  throw RpcError{Status{StatusCode::kUnimplemented, fmt::format("{} \"{}\" is not supported; supported are {}", where,
                                                                name, rpc::kAcceptedEncodings)}};
}

Compression preferred_coding(std::string_view accepted) {
  Compression best = Compression::kIdentity;
  int best_weight = 0;
  visit_weighted_list(accepted, [&](std::string_view name, int weight) {
    const auto coding = rpc::parse_compression(rpc::lower_case(name));
    if (!coding || *coding == Compression::kIdentity || weight <= best_weight) return;
    best = *coding;
    best_weight = weight;
  });
  return best;
}

bool accepts_gzip(std::string_view accepted) {
  std::optional<int> gzip;
  std::optional<int> others;
  int identity = 0;  // it is acceptable without being listed, but not preferred
  visit_weighted_list(accepted, [&](std::string_view name, int weight) {
    if (equals_lower(name, "gzip") || equals_lower(name, "x-gzip")) gzip = weight;
    if (equals_lower(name, "identity")) identity = weight;
    if (name == "*") others = weight;
  });
  const int weight = gzip.value_or(others.value_or(0));
  return weight > 0 && weight >= identity;
}

Compression response_coding(const Request& request, const CodingFields& fields) {
  const std::string accepted = request.fields.joined(fields.accept);
  if (!accepted.empty() || request.fields.get(fields.accept)) return preferred_coding(accepted);
  return preferred_coding(request.fields.joined(fields.content));
}

Buffer inflate(Buffer content, Compression coding, std::size_t limit) {
  if (coding == Compression::kIdentity || content.empty()) return content;
  Result<Buffer> whole = rpc::inflate_message(content, coding, limit);
  if (whole.ok()) return std::move(whole).value();
  if (whole.status().code() == StatusCode::kResourceExhausted) {
    throw RpcError{
        Status{StatusCode::kResourceExhausted,
               fmt::format("the content inflates to more than {} bytes (SiteOptions::max_body_length)", limit)}};
  }
  throw RpcError{Status{StatusCode::kInvalidArgument, fmt::format("the content is not {}", name_of(coding))}};
}

void compress_body(Response& response, Compression coding) {
  if (coding == Compression::kIdentity) return;
  const Buffer compressed = rpc::compress_message(envelope(0, response.body), coding);
  if (compressed.data()[0] != kCompressedEnvelope) return;
  response.body = compressed.text().substr(rpc::kPrefixBytes);
  response.fields.add("content-encoding", name_of(coding));
}

}  // namespace tern::rest
