// What every request of a channel has in its header block, and how the blocks of the answer are read.
#pragma once

#include <memory>
#include <string_view>

#include "rpc/response_head.h"
#include "tern/http2/stream.h"

namespace tern {

class ChannelCore;

/// Up to the fields that differ from call to call. `method` and `channel` must outlive `fields`.
void append_request_fields(http2::HeaderFields& fields, const ChannelCore& channel, std::string_view method);

/// What a server's header block says; read once for all calls that share it.
std::shared_ptr<const rpc::ResponseBlock> read_response(const http2::HeaderBlock& block);

}  // namespace tern
