#include "rest/body_inflater.h"

#include <cstdint>
#include <stdexcept>

#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

constexpr std::size_t kInflatedBytes = std::size_t{64} * 1024;

std::uint8_t byte_at(const std::string& text, std::size_t index) { return static_cast<std::uint8_t>(text[index]); }

/// RFC 1950 §2.2: method 8, and a check that makes the first two bytes a multiple of 31.
bool has_zlib_header(const std::string& input) {
  const unsigned both = byte_at(input, 0) * 256U + byte_at(input, 1);
  return (byte_at(input, 0) & 0x0fU) == 8 && both % 31 == 0;
}

rpc::DeflateFormat deflate_format(const std::string& input) {
  return has_zlib_header(input) ? rpc::DeflateFormat::kZlib : rpc::DeflateFormat::kBare;
}

}  // namespace

std::unique_ptr<BodyInflater> BodyInflater::make(std::string_view coding) {
  const std::string name = rpc::lower_case(coding);
  const bool gzip = name == "gzip" || name == "x-gzip";
  if (!gzip && name != "deflate") return nullptr;
  return std::unique_ptr<BodyInflater>{new BodyInflater{gzip}};
}

void BodyInflater::feed(std::string_view piece) {
  if (inflater_) input_.clear();  // it is used up
  input_ += piece;
  may_have_more_ = true;
  if (!inflater_) {
    if (input_.size() < 2) return;  // the format of deflate is not known yet
    inflater_.emplace(gzip_ ? rpc::DeflateFormat::kGzip : deflate_format(input_));
  }
  inflater_->feed({reinterpret_cast<const std::uint8_t*>(input_.data()), input_.size()});
}

std::optional<std::string> BodyInflater::next() {
  if (!inflater_ || !may_have_more_) return std::nullopt;
  std::string plain(kInflatedBytes, '\0');
  plain.resize(inflater_->run({reinterpret_cast<std::uint8_t*>(plain.data()), plain.size()}));
  may_have_more_ = plain.size() == kInflatedBytes;
  if (inflater_->failed()) {
    if (inflater_->ended()) throw std::runtime_error("bytes behind the end of the deflate data");
    throw std::runtime_error(gzip_ ? "not gzip data" : "not deflate data");
  }
  if (plain.empty()) return std::nullopt;
  return plain;
}

}  // namespace tern::rest
