#include "call/wire_metadata.h"

#include <array>
#include <string_view>

#include "rpc/base64.h"
#include "rpc/header_names.h"
#include "rpc/percent.h"

namespace tern {

void append_metadata(http2::HeaderFields& fields, const Metadata& metadata, FieldTexts& texts) {
  for (const auto& [key, value] : metadata) {
    if (key.ends_with("-bin")) {
      fields.push_back({key, texts.emplace_back(rpc::encode_base64(value)), false});
    } else {
      fields.push_back({key, value, false});
    }
  }
}

void append_status(http2::HeaderFields& fields, const Status& status, FieldTexts& texts) {
  static constexpr std::array<std::string_view, 17> kNumbers{"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                             "9", "10", "11", "12", "13", "14", "15", "16"};
  fields.push_back({rpc::kGrpcStatus, kNumbers.at(static_cast<std::size_t>(status.code())), true});
  if (!status.details().empty()) {
    fields.push_back({rpc::kGrpcMessage, texts.emplace_back(rpc::percent_encode(status.details())), false});
  }
  if (!status.error_details().empty()) {
    fields.push_back({rpc::kGrpcStatusDetails, texts.emplace_back(rpc::encode_base64(status.error_details())), false});
  }
}

}  // namespace tern
