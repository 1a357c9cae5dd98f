#include "call/wire_metadata.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

#include "http2/defaults.h"
#include "http2/header_list.h"
#include "rpc/base64.h"
#include "rpc/header_names.h"
#include "rpc/percent.h"
#include "rpc/reserved_names.h"

namespace tern {

namespace {

/// A status text is cut to make room for error details, but not to less than this, in bytes on the wire.
constexpr std::size_t kLeastText = 256;

void append_code(http2::HeaderFields& fields, StatusCode code) {
  assert(is_known(code));
  static constexpr std::array<std::string_view, 17> kNumbers{"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                             "9", "10", "11", "12", "13", "14", "15", "16"};
  fields.push_back({rpc::kGrpcStatus, kNumbers.at(static_cast<std::size_t>(code)), true});
}

void append_text(http2::HeaderFields& fields, std::string encoded, FieldTexts& texts) {
  fields.push_back({rpc::kGrpcMessage, texts.emplace_back(std::move(encoded)), false});
}

void append_details(http2::HeaderFields& fields, std::string encoded, FieldTexts& texts) {
  fields.push_back({rpc::kGrpcStatusDetails, texts.emplace_back(std::move(encoded)), false});
}

/// The text and the details in `room` bytes, as far as they fit.
void append_shortened(http2::HeaderFields& fields, const Status& status, std::size_t room, FieldTexts& texts) {
  const std::size_t around_text = http2::header_field_size(rpc::kGrpcMessage.size(), 0);
  std::string details = rpc::encode_base64(status.error_details());
  const std::size_t details_size = http2::header_field_size(rpc::kGrpcStatusDetails.size(), details.size());
  const std::size_t least_text =
      status.details().empty() ? 0 : around_text + rpc::percent_encode(status.details(), kLeastText).size();
  if (!details.empty() && details_size + least_text <= room) {
    room -= details_size;
    append_details(fields, std::move(details), texts);
  }
  if (room <= around_text) return;
  std::string text = rpc::percent_encode(status.details(), room - around_text);
  if (!text.empty()) append_text(fields, std::move(text), texts);
}

}  // namespace

void append_metadata(http2::HeaderFields& fields, const Metadata& metadata, FieldTexts& texts) {
  for (const auto& [key, value] : metadata) {
    if (rpc::is_reserved(key)) continue;
    if (key.ends_with("-bin")) {
      fields.push_back({key, texts.emplace_back(rpc::encode_base64(value)), false});
    } else {
      fields.push_back({key, value, false});
    }
  }
}

std::size_t wire_size(const Metadata& metadata) noexcept {
  std::size_t size = 0;
  for (const auto& [key, value] : metadata) {
    if (rpc::is_reserved(key)) continue;
    const std::size_t length = key.ends_with("-bin") ? (value.size() * 4 + 2) / 3 : value.size();
    size += http2::header_field_size(key.size(), length);
  }
  return size;
}

void append_status(http2::HeaderFields& fields, const Status& status, FieldTexts& texts) {
  append_code(fields, status.code());
  if (!status.details().empty()) append_text(fields, rpc::percent_encode(status.details()), texts);
  if (!status.error_details().empty()) append_details(fields, rpc::encode_base64(status.error_details()), texts);
}

void append_trailers(http2::HeaderFields& fields, const Status& status, const Metadata& trailing, std::size_t limit,
                     FieldTexts& texts) {
  const std::size_t begin = fields.size();
  append_status(fields, status, texts);
  append_metadata(fields, trailing, texts);
  if (http2::header_list_size(fields) <= std::min(limit, http2::kUsualHeaderBytes)) return;
  assert(fields.size() > begin);
  fields.resize(begin);
  texts.clear();
  append_code(fields, status.code());
  std::size_t taken = http2::header_list_size(fields);
  const std::size_t metadata_size = wire_size(trailing);
  const bool metadata_fits = metadata_size <= limit - std::min(limit, taken);
  if (metadata_fits) taken += metadata_size;
  const std::size_t most = limit == http2::kNoHeaderLimit ? http2::kUsualHeaderBytes : limit;
  append_shortened(fields, status, most - std::min(most, taken), texts);
  if (metadata_fits) append_metadata(fields, trailing, texts);
}

}  // namespace tern
