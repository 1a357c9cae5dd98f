#include "rest/decoded_body.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "rest/body_inflater.h"
#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

constexpr std::size_t kMostTimesLonger = 100;

/// A reader that holds the pieces is putting the whole body together. It then gets no plain bytes before the last
/// encoded byte has come: otherwise clients that send half of a few KiB could make the server hold max_body_length
/// bytes each, for as long as they like.
class DecodedBody final : public BodySource {
 public:
  DecodedBody(BodySource& encoded, std::string coding, std::size_t max_body_length)
      : encoded_(encoded),
        coding_(std::move(coding)),
        max_body_length_(max_body_length),
        inflater_(BodyInflater::make(coding_)) {}

  Task<std::optional<std::string>> read_body() override {
    if (inflater_ == nullptr) {
      throw UnsupportedCoding{415,
                              fmt::format("the content coding \"{}\" is not supported; gzip and deflate are", coding_)};
    }
    for (;;) {
      if (held_ > 0 && !ended_) co_await gather();
      std::optional<std::string> plain = next();
      if (plain) co_return plain;
      while (gathered_.empty() && !ended_) gathered_ = co_await read_encoded();
      if (gathered_.empty()) break;
      inflater_->feed(gathered_);
      std::string{}.swap(gathered_);
    }
    if (!inflater_->complete()) throw HttpError{400, fmt::format("the body's {} data is cut short", coding_)};
    co_return std::nullopt;
  }
  void on_held(std::size_t bytes) override {
    held_ = bytes;
    encoded_.on_held(held_ + gathered_.size());
  }
  void on_too_long() override { encoded_.on_too_long(); }

 private:
  /// The next encoded bytes; empty at the end.
  Task<std::string> read_encoded() {
    std::optional<std::string> piece = co_await encoded_.read_body();
    ended_ = !piece.has_value();
    if (ended_) co_return std::string{};
    came_ += piece->size();
    co_return *std::move(piece);
  }
  /// Reads all the encoded bytes that are left.
  Task<void> gather() {
    while (!ended_) {
      const std::string piece = co_await read_encoded();
      gathered_ += piece;
      encoded_.on_held(held_ + gathered_.size());
      if (gathered_.size() <= max_body_length_) continue;
      on_too_long();
      throw body_too_long(max_body_length_);
    }
  }
  std::optional<std::string> next() {
    std::optional<std::string> plain;
    try {
      plain = inflater_->next();
    } catch (const std::runtime_error& error) {
      throw HttpError{400, std::string{"the body is broken: "} + error.what()};
    }
    if (!plain) return plain;
    made_ += plain->size();
    if (made_ > max_body_length_ && made_ / kMostTimesLonger > came_) {
      on_too_long();
      throw HttpError{413, fmt::format("the body inflates to more than {} bytes (SiteOptions::max_body_length), and to "
                                       "more than {} times its length",
                                       max_body_length_, kMostTimesLonger)};
    }
    return plain;
  }

  BodySource& encoded_;
  std::string coding_;
  std::size_t max_body_length_;
  std::unique_ptr<BodyInflater> inflater_;  // null for a coding that is not supported
  std::string gathered_;                    // read, but not inflated yet
  std::size_t held_ = 0;                    // of plain bytes, by the reader
  std::size_t came_ = 0;                    // encoded bytes
  std::size_t made_ = 0;                    // plain bytes
  bool ended_ = false;                      // the encoded body
};

}  // namespace

HttpError body_too_long(std::size_t max_body_length) {
  return HttpError{413,
                   fmt::format("the body is longer than {} bytes (SiteOptions::max_body_length)", max_body_length)};
}

void decode_body(Request& request, std::size_t max_body_length) {
  std::string coding = request.fields.joined("content-encoding");
  if (coding.empty() || equals_lower(coding, "identity")) return;
  request.decoder_ = std::make_shared<DecodedBody>(*request.source_, std::move(coding), max_body_length);
  request.source_ = request.decoder_.get();
  request.fields.remove("content-encoding");
  request.fields.remove("content-length");
}

}  // namespace tern::rest
