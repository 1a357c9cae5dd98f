#include "rest/http1_chunk_reader.h"

#include <algorithm>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

// Enough for every size that fits; zeros in front count too.
constexpr unsigned kMostDigits = 16;
constexpr std::uint64_t kMostSize = std::uint64_t{1} << 62;

/// -1 when it is not a digit.
int hex_digit(char octet) {
  if (is_digit(octet)) return octet - '0';
  if (octet >= 'a' && octet <= 'f') return octet - 'a' + 10;
  if (octet >= 'A' && octet <= 'F') return octet - 'A' + 10;
  return -1;
}

}  // namespace

Http1BodyStep Http1ChunkReader::read(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && end_ == End::kNone) {
    if (state_ == State::kData) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      left_ -= size;
      content_ += size;
      if (left_ == 0) state_ = State::kDataCr;
      return {.used = at + size, .content = bytes.substr(at, size)};
    }
    read_octet(bytes[at]);
    if (end_ == End::kNone || end_ == End::kWhole) ++at;
  }
  return {.used = at, .content = {}};
}

void Http1ChunkReader::read_octet(char octet) {
  switch (state_) {
    case State::kSize:
      return read_size(octet);
    case State::kBeforeExtension:
    case State::kExtension:
      return read_extension(octet);
    case State::kSizeLf:
      if (octet != '\n') {
        end_ = End::kMalformed;
      } else {
        begin_data();
      }
      return;
    case State::kData:
      return;  // read() takes it
    case State::kDataCr:
      return expect(octet, '\r', State::kDataLf);
    case State::kDataLf:
      return expect(octet, '\n', State::kSize);
    case State::kTrailerLf:
      return expect(octet, '\n', State::kLineBegin);
    case State::kLastLf:
      end_ = octet == '\n' ? End::kWhole : End::kMalformed;
      return;
    case State::kLineBegin:
    case State::kTrailerName:
    case State::kTrailerValue:
      return read_trailer(octet);
  }
}

void Http1ChunkReader::expect(char octet, char wanted, State next) {
  state_ = next;
  if (octet != wanted) end_ = End::kMalformed;
}

void Http1ChunkReader::read_size(char octet) {
  if (const int digit = hex_digit(octet); digit >= 0) {
    left_ = left_ * 16 + static_cast<unsigned>(digit);
    if (++digits_ > kMostDigits || left_ > kMostSize) end_ = End::kMalformed;
  } else if (digits_ == 0) {
    end_ = End::kMalformed;
  } else if (octet == '\r') {
    state_ = State::kSizeLf;
  } else {
    state_ = State::kBeforeExtension;
    read_extension(octet);
  }
}

// Whatever an extension says, it ends with its line: a quoted string cannot hold a CR or LF (RFC 9110 §5.6.4).
void Http1ChunkReader::read_extension(char octet) {
  if (++extensions_ > max_side_bytes_ + content_ / 8) {
    end_ = End::kExtensionsTooLong;
  } else if (state_ == State::kBeforeExtension) {
    if (octet == ';') state_ = State::kExtension;
    if (octet != ';' && !is_blank(octet)) end_ = End::kMalformed;
  } else if (octet == '\r') {
    state_ = State::kSizeLf;
  } else if (is_control(octet)) {
    end_ = End::kMalformed;
  }
}

void Http1ChunkReader::begin_data() {
  digits_ = 0;
  state_ = left_ == 0 ? State::kLineBegin : State::kData;
}

void Http1ChunkReader::read_trailer(char octet) {
  if (octet == '\r' && state_ == State::kLineBegin) {
    state_ = State::kLastLf;
    return;
  }
  if (++trailers_ > max_side_bytes_) {
    end_ = End::kTrailersTooLong;
  } else if (state_ == State::kTrailerValue) {
    if (octet == '\r') {
      state_ = State::kTrailerLf;
    } else if (is_control(octet)) {
      end_ = End::kMalformed;
    }
  } else if (octet == ':' && state_ == State::kTrailerName) {
    state_ = State::kTrailerValue;
  } else if (is_token_octet(octet)) {
    state_ = State::kTrailerName;
  } else {
    end_ = End::kMalformed;
  }
}

}  // namespace tern::rest
