#include "rest/envelope.h"

#include <cstring>

#include "rpc/message_reader.h"

namespace tern::rest {

Buffer envelope(std::uint8_t flags, std::string_view content) {
  Buffer whole = Buffer::allocate(rpc::kPrefixBytes + content.size());
  rpc::write_prefix(whole.data(), content.size());
  whole.data()[0] = flags;
  if (!content.empty()) std::memcpy(whole.data() + rpc::kPrefixBytes, content.data(), content.size());
  return whole;
}

}  // namespace tern::rest
