// The header fields of every request of a channel, the fields that one call adds, and the reading of the response's
// header blocks.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "call/wire_metadata.h"
#include "client/call_head.h"
#include "http2/stream.h"
#include "rpc/response_head.h"
#include "rpc/timeout.h"
#include "tern/rpc/compression.h"
#include "tern/version.h"

namespace tern {

class ChannelConfig;

/// Up to the fields that differ from call to call. The texts must outlive `fields`.
void append_request_fields(http2::HeaderFields& fields, const ChannelConfig& channel, std::string_view method,
                           std::string_view user_agent = kUserAgent);

/// Returns how a call compresses its messages: as its options say, or else as its channel's do.
Compression compression_of(const CallHead& head, const ChannelConfig& channel) noexcept;

/// The header fields of one attempt, with the texts that they point to. The channel's config and the head must outlive
/// it.
class RequestFields {
 public:
  /// `attempts_before`: how many attempts of the call a handler may have seen.
  RequestFields(const ChannelConfig& channel, const CallHead& head, int attempts_before);
  RequestFields(const RequestFields&) = delete;
  RequestFields& operator=(const RequestFields&) = delete;

  [[nodiscard]] const http2::HeaderFields& list() const noexcept { return fields_; }
  /// True when the call's metadata makes them longer than `limit`, in bytes (SETTINGS_MAX_HEADER_LIST_SIZE).
  [[nodiscard]] bool exceed(std::size_t limit) const;
  /// Returns the status of a call whose fields exceed `limit`.
  [[nodiscard]] Status too_long_for(std::size_t limit) const;

 private:
  const CallHead& head_;
  http2::HeaderFields fields_;
  std::optional<rpc::TimeoutText> timeout_;
  FieldTexts texts_;
};

/// What a server's header block says; read once for all calls that share it.
std::shared_ptr<const rpc::ResponseBlock> read_response(const http2::HeaderBlock& block);

/// Returns the status of a call whose response's metadata exceeds the channel's limits.
Status response_metadata_too_long(http2::HeaderListSize size, const ChannelConfig& channel);

}  // namespace tern
