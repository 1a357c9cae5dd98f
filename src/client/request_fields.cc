#include "client/request_fields.h"

#include "client/channel_core.h"
#include "rpc/header_names.h"
#include "tern/version.h"

namespace tern {

void append_request_fields(http2::HeaderFields& fields, const ChannelCore& channel, std::string_view method) {
  fields.push_back({":method", "POST", true});
  fields.push_back({":scheme", channel.secure() ? "https" : "http", true});
  fields.push_back({":path", method, true});
  fields.push_back({":authority", channel.authority(), false});
  fields.push_back({"te", "trailers", true});
  fields.push_back({rpc::kContentType, rpc::kGrpcContentType, true});
  fields.push_back({"user-agent", kUserAgent, true});
  fields.push_back({rpc::kGrpcAcceptEncoding, rpc::kAcceptedEncodings, true});
}

std::shared_ptr<const rpc::ResponseBlock> read_response(const http2::HeaderBlock& block) {
  if (block.meaning == nullptr) {
    const auto read = std::make_shared<rpc::ResponseBlock>();
    for (std::size_t i = 0; i < block.size(); ++i) read->add(block[i].name, block[i].value);
    block.meaning = read;
  }
  return std::static_pointer_cast<const rpc::ResponseBlock>(block.meaning);
}

}  // namespace tern
