#include "rest/body_inflater.h"

#include <new>
#include <stdexcept>
#include <utility>

#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

constexpr std::size_t kInflatedBytes = std::size_t{64} * 1024;

// inflateInit2's window: 15 bits of zlib's format, 16 more for gzip, negative for bare DEFLATE data.
constexpr int kWindow = 15;
constexpr int kGzip = 16;

std::uint8_t byte_at(const std::string& text, std::size_t index) { return static_cast<std::uint8_t>(text[index]); }

/// RFC 1950 §2.2: method 8, and a check that makes the first two bytes a multiple of 31.
bool has_zlib_header(const std::string& input) {
  const unsigned both = byte_at(input, 0) * 256U + byte_at(input, 1);
  return (byte_at(input, 0) & 0x0fU) == 8 && both % 31 == 0;
}

}  // namespace

std::unique_ptr<BodyInflater> BodyInflater::make(std::string_view coding) {
  const std::string name = rpc::lower_case(coding);
  if (name == "gzip" || name == "x-gzip") return std::unique_ptr<BodyInflater>{new BodyInflater{Format::kGzip}};
  if (name == "deflate") return std::unique_ptr<BodyInflater>{new BodyInflater{Format::kDeflate}};
  return nullptr;
}

BodyInflater::BodyInflater(Format format) : format_(format) {}

BodyInflater::~BodyInflater() {
  if (begun_) inflateEnd(&stream_);
}

void BodyInflater::feed(std::string_view piece) {
  const std::size_t rest = begun_ ? stream_.avail_in : input_.size();
  input_.erase(0, input_.size() - rest);
  fed_ += piece.size();
  input_ += piece;
  stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
  stream_.avail_in = static_cast<uInt>(input_.size());
}

void BodyInflater::begin() {
  int window = kWindow + kGzip;
  if (format_ == Format::kDeflate) window = has_zlib_header(input_) ? kWindow : -kWindow;
  if (inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc{};
  begun_ = true;
}

std::optional<std::string> BodyInflater::next() {
  if (!begun_) {
    if (input_.size() < 2) return std::nullopt;  // the format of deflate is not known yet
    begin();
  }
  std::string plain(kInflatedBytes, '\0');
  stream_.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream_.avail_out = static_cast<uInt>(plain.size());
  while (stream_.avail_out > 0) {
    if (ended_) {
      if (stream_.avail_in == 0) break;
      if (format_ != Format::kGzip) throw std::runtime_error("bytes behind the end of the deflate data");
      inflateReset(&stream_);
      ended_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      ended_ = true;
    } else if (result == Z_BUF_ERROR || (result == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0)) {
      break;
    } else if (result != Z_OK) {
      throw std::runtime_error(format_ == Format::kGzip ? "not gzip data" : "not deflate data");
    }
  }
  plain.resize(plain.size() - stream_.avail_out);
  if (plain.empty()) return std::nullopt;
  return plain;
}

}  // namespace tern::rest
