// Compressed bodies in every format that servers send, cut into pieces at every byte, and broken ones.
#include "rest/body_inflater.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace tern::rest {
namespace {

/// `window` as deflateInit2 takes it: 31 for gzip, 15 for zlib's format, -15 for bare DEFLATE data.
std::string deflated(std::string_view text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// The plain body of `pieces`, or what was wrong with it.
std::string inflated(std::string_view coding, const std::vector<std::string>& pieces) {
  const auto inflater = BodyInflater::make(coding);
  if (inflater == nullptr) return "unknown coding";
  std::string plain;
  try {
    for (const std::string& piece : pieces) {
      inflater->feed(piece);
      while (const auto part = inflater->next()) plain += *part;
    }
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return inflater->complete() ? plain : "cut short";
}

TEST(BodyInflater, ReadsEveryFormatHoweverItIsCut) {
  const std::string text = "the quick brown fox jumps over the lazy dog, the quick brown fox";
  const std::string two = deflated(text, 31) + deflated(text, 31);
  const struct {
    const char* coding;
    std::string bytes;
    std::string plain;
  } rows[] = {
      {"gzip", deflated(text, 31), text},    {"X-GZip", deflated(text, 31), text},   {"gzip", two, text + text},
      {"deflate", deflated(text, 15), text}, {"deflate", deflated(text, -15), text}, {"gzip", deflated("", 31), ""}};
  for (const auto& row : rows) {
    EXPECT_EQ(inflated(row.coding, {row.bytes}), row.plain) << row.coding;
    for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
      EXPECT_EQ(inflated(row.coding, {row.bytes.substr(0, cut), row.bytes.substr(cut)}), row.plain)
          << row.coding << cut;
    }
    std::vector<std::string> bytes;
    for (const char byte : row.bytes) bytes.emplace_back(1, byte);
    EXPECT_EQ(inflated(row.coding, bytes), row.plain) << row.coding;
  }
}

TEST(BodyInflater, ReadsBodiesLongerThanItsPieces) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919);
  EXPECT_EQ(inflated("gzip", {deflated(text, 31)}), text);
  EXPECT_EQ(inflated("deflate", {deflated(text, -15)}), text);
}

TEST(BodyInflater, TellsBrokenAndTruncatedData) {
  const std::string good = deflated("some text that is compressed", 31);
  EXPECT_EQ(inflated("gzip", {good.substr(0, good.size() - 1)}), "cut short");
  EXPECT_EQ(inflated("gzip", {good.substr(0, 3)}), "cut short");
  EXPECT_EQ(inflated("gzip", {"plain text"}), "not gzip data");
  EXPECT_EQ(inflated("gzip", {good + "garbage"}), "not gzip data");
  EXPECT_EQ(inflated("deflate", {deflated("text", 15) + "x"}), "bytes behind the end of the deflate data");
  std::string wrong_sum = good;
  wrong_sum[wrong_sum.size() - 5] = static_cast<char>(wrong_sum[wrong_sum.size() - 5] ^ 1);
  EXPECT_EQ(inflated("gzip", {wrong_sum}), "not gzip data");
  EXPECT_EQ(inflated("gzip", {}), "");
  EXPECT_EQ(inflated("br", {good}), "unknown coding");
}

}  // namespace
}  // namespace tern::rest
