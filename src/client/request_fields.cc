#include "client/request_fields.h"

#include <fmt/format.h>

#include <array>
#include <cassert>

#include "client/channel_config.h"
#include "http2/defaults.h"
#include "http2/header_list.h"
#include "rpc/header_names.h"
#include "tern/rpc/trace_context.h"

namespace tern {

void append_request_fields(http2::HeaderFields& fields, const ChannelConfig& channel, std::string_view method,
                           std::string_view user_agent) {
  // In one piece: each push_back would look for room of its own.
  const std::array<http2::HeaderField, 8> always{{
      {":method", "POST", true},
      {":scheme", channel.secure() ? "https" : "http", true},
      {":path", method, true},
      {":authority", channel.authority(), false},
      {"te", "trailers", true},
      {rpc::kContentType, rpc::kGrpcContentType, true},
      {"user-agent", user_agent, user_agent.data() == kUserAgent.data()},
      {rpc::kGrpcAcceptEncoding, rpc::kAcceptedEncodings, true},
  }};
  fields.insert(fields.end(), always.begin(), always.end());
}

Compression compression_of(const CallHead& head, const ChannelConfig& channel) noexcept {
  return head.options.compression.value_or(channel.options().compression);
}

RequestFields::RequestFields(const ChannelConfig& channel, const CallHead& head, int attempts_before) : head_(head) {
  const Metadata& metadata = head.metadata;
  fields_.reserve(15 + metadata.size());
  // A gateway's metadata has its client's.
  const std::string_view user_agent = metadata.empty() ? kUserAgent : metadata.get("user-agent").value_or(kUserAgent);
  append_request_fields(fields_, channel, head.method, user_agent);
  if (const Compression compression = compression_of(head, channel); compression != Compression::kIdentity) {
    fields_.push_back({rpc::kGrpcEncoding, name_of(compression), true});
  }
  if (head.deadline) {
    timeout_.emplace(*head.deadline - Clock::now());
    fields_.push_back({rpc::kGrpcTimeout, timeout_->view(), false});
  }
  if (attempts_before > 0) {
    fields_.push_back({rpc::kGrpcPreviousAttempts, texts_.emplace_back(std::to_string(attempts_before)), false});
  }
  if (head.trace != nullptr && !metadata.get(rpc::kTraceparent)) {
    fields_.push_back({rpc::kTraceparent, texts_.emplace_back(head.trace->traceparent()), false});
    if (!head.trace->tracestate().empty()) fields_.push_back({rpc::kTracestate, head.trace->tracestate(), false});
  }
  append_metadata(fields_, metadata, texts_);
}

// Without metadata they are short.
bool RequestFields::exceed(std::size_t limit) const {
  return !head_.metadata.empty() && http2::header_list_size(fields_) > limit;
}

Status RequestFields::too_long_for(std::size_t limit) const {
  return Status{StatusCode::kResourceExhausted,
                fmt::format("the request's metadata has {} bytes, and the server accepts {} "
                            "(SETTINGS_MAX_HEADER_LIST_SIZE): send less, or raise the server's max_metadata_size",
                            http2::header_list_size(fields_), limit)};
}

std::shared_ptr<const rpc::ResponseBlock> read_response(const http2::HeaderBlock& block) {
  if (block.meaning == nullptr) {
    const auto read = std::make_shared<rpc::ResponseBlock>();
    for (std::size_t i = 0; i < block.size(); ++i) read->add(block[i].name, block[i].value);
    block.meaning = read;
  }
  assert(block.meaning != nullptr);
  return std::static_pointer_cast<const rpc::ResponseBlock>(block.meaning);
}

Status response_metadata_too_long(http2::HeaderListSize size, const ChannelConfig& channel) {
  const ChannelOptions& options = channel.options();
  return Status{StatusCode::kResourceExhausted,
                fmt::format("the response's metadata, {} bytes in {} fields, exceeds the channel's max_metadata_size "
                            "({}) or max_metadata_fields ({})",
                            size.bytes, size.fields, http2::header_limit(options.max_metadata_size),
                            http2::header_limit(options.max_metadata_fields))};
}

}  // namespace tern
