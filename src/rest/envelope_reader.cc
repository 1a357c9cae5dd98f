#include "rest/envelope_reader.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "rest/content_coding.h"
#include "rpc/base64.h"

namespace tern::rest {

namespace {

std::string from_base64(std::string_view letters) {
  std::optional<std::string> bytes = rpc::decode_base64(letters);
  if (!bytes) throw RpcError{Status{StatusCode::kInvalidArgument, "the body is not base64"}};
  return *std::move(bytes);
}

}  // namespace

EnvelopeReader::EnvelopeReader(bool text, Compression coding, std::size_t limit)
    : text_(text), coding_(coding), reader_(limit) {
  if (coding != Compression::kIdentity) reader_.allow_compressed();
}

void EnvelopeReader::add(std::string_view piece) {
  if (!text_) return receive(piece);
  letters_ += piece;
  std::string bytes;
  std::size_t at = 0;
  // Four by four, since padding may stand at the end of any four.
  for (; at + 4 <= letters_.size(); at += 4) bytes += from_base64(std::string_view{letters_}.substr(at, 4));
  letters_.erase(0, at);
  receive(bytes);
}

void EnvelopeReader::end() {
  receive(from_base64(std::exchange(letters_, {})));  // the last ones may come without their padding
  if (reader_.between_messages()) return;
  throw RpcError{Status{StatusCode::kInvalidArgument, "the body ended inside of a message"}};
}

std::optional<std::string> EnvelopeReader::next() {
  if (complete_.empty()) return std::nullopt;
  Buffer message = complete_.pop();
  if (message.marked()) message = inflate(std::move(message), coding_, reader_.limit());
  return std::string{message.text()};
}

void EnvelopeReader::receive(std::string_view bytes) {
  const Status status = reader_.receive({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, complete_);
  if (status.ok()) return;
  if (status.code() != StatusCode::kResourceExhausted) throw RpcError{status};
  throw RpcError{
      Status{StatusCode::kResourceExhausted,
             fmt::format("a message is longer than {} bytes (SiteOptions::max_body_length)", reader_.limit())}};
}

}  // namespace tern::rest
