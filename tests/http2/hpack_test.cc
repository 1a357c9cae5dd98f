// HPACK both ways: the examples of RFC 7541's appendix C, and nghttp2's coder as the other end.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"
#include "http2/huffman.h"

namespace tern::http2 {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  Bytes bytes;
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') digits.push_back(c);
  }
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(digits[i]) << 4 | digit(digits[i + 1])));
  }
  return bytes;
}

/// A decoder that keeps the fields of its last block.
class Decoded final : public HpackDecoder::Fields {
 public:
  bool decode(const Bytes& block) {
    fields.clear();
    ids.clear();
    return decoder.decode(block, *this);
  }
  void on_field(const HeaderBlock::Field& field, FieldId id) override {
    fields.emplace_back(field.name, field.value);
    ids.push_back(id);
  }

  HpackDecoder decoder;
  Pairs fields;
  std::vector<FieldId> ids;
};

HeaderFields views(const Pairs& pairs) {
  HeaderFields fields;
  fields.reserve(pairs.size());
  for (const auto& [name, value] : pairs) fields.push_back({name, value, false});
  return fields;
}

Bytes encode(HpackEncoder& encoder, const Pairs& pairs) {
  Bytes block;
  encoder.encode(views(pairs), block);
  return block;
}

struct Example {
  std::string_view hex;
  Pairs fields;
};

const Pairs kFirstRequest{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}};
const Pairs kSecondRequest{{":method", "GET"},
                           {":scheme", "http"},
                           {":path", "/"},
                           {":authority", "www.example.com"},
                           {"cache-control", "no-cache"}};
const Pairs kThirdRequest{{":method", "GET"},
                          {":scheme", "https"},
                          {":path", "/index.html"},
                          {":authority", "www.example.com"},
                          {"custom-key", "custom-value"}};

void expect_decoded(const std::vector<Example>& examples) {
  Decoded decoded;
  for (const Example& example : examples) {
    ASSERT_TRUE(decoded.decode(from_hex(example.hex))) << example.hex;
    EXPECT_EQ(decoded.fields, example.fields);
  }
}

TEST(Hpack, RequestsInPlainText) {  // C.3
  expect_decoded({{"828684410f7777772e6578616d706c652e636f6d", kFirstRequest},
                  {"828684be58086e6f2d6361636865", kSecondRequest},
                  {"828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", kThirdRequest}});
}

TEST(Hpack, RequestsInTheHuffmanCode) {  // C.4
  expect_decoded({{"828684418cf1e3c2e5f23a6ba0ab90f4ff", kFirstRequest},
                  {"828684be5886a8eb10649cbf", kSecondRequest},
                  {"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", kThirdRequest}});
}

TEST(Hpack, ResponsesThatPushEachOtherOut) {  // C.6, the table being of 256 bytes
  const std::string date21 = "Mon, 21 Oct 2013 20:13:21 GMT";
  const std::string date22 = "Mon, 21 Oct 2013 20:13:22 GMT";
  const std::string location = "https://www.example.com";
  expect_decoded(
      {{"3fe101 "
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d"
        "3",
        {{":status", "302"}, {"cache-control", "private"}, {"date", date21}, {"location", location}}},
       {"4883640effc1c0bf",
        {{":status", "307"}, {"cache-control", "private"}, {"date", date21}, {"location", location}}},
       {"88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f"
        "36"
        "72c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        {{":status", "200"},
         {"cache-control", "private"},
         {"date", date22},
         {"location", location},
         {"content-encoding", "gzip"},
         {"set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}}}});
}

TEST(Hpack, LiteralsOfEachKind) {  // C.2
  Decoded decoded;
  ASSERT_TRUE(decoded.decode(from_hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572")));
  EXPECT_EQ(decoded.fields, (Pairs{{"custom-key", "custom-header"}}));
  EXPECT_NE(decoded.ids[0], 0U);
  ASSERT_TRUE(decoded.decode(from_hex("040c2f73616d706c652f70617468")));
  EXPECT_EQ(decoded.fields, (Pairs{{":path", "/sample/path"}}));
  EXPECT_EQ(decoded.ids[0], 0U);
  ASSERT_TRUE(decoded.decode(from_hex("100870617373776f726406736563726574")));
  EXPECT_EQ(decoded.fields, (Pairs{{"password", "secret"}}));
}

struct Broken {
  const char* what;
  std::string_view hex;
};

TEST(Hpack, BrokenBlocks) {
  for (const Broken& broken : std::vector<Broken>{
           {"index 0", "80"},
           {"an index beyond the table", "be"},
           {"the name of an entry beyond the table", "7e0161"},
           {"an integer that is cut off", "ff"},
           {"an integer beyond 32 bits", "ffffffffffffff0f"},
           {"an integer that never ends", "ff8080808080808080808000"},
           {"a name that is cut off", "400a63757374"},
           {"a value that is not there", "400161"},
           {"a text longer than the block",
            "40016180"
            "7f01"},
           {"the end-of-string symbol", "400161 84ffffffff"},
           {"padding that is not of ones", "400161 8118"},
           {"padding of a whole byte", "400161 821fff"},
           {"a table larger than was allowed", "3fe21f"},
           {"a change of the table's size after a field", "8220"},
       }) {
    Decoded decoded;
    EXPECT_FALSE(decoded.decode(from_hex(broken.hex))) << broken.what;
  }
}

TEST(Hpack, AnEntryLargerThanTheTableEmptiesIt) {  // RFC 7541 §4.4
  Decoded decoded;
  ASSERT_TRUE(decoded.decode(from_hex("3f21 4001610162")));  // a table of 64 bytes, and a field
  ASSERT_TRUE(decoded.decode(from_hex("be")));
  Bytes large = from_hex("400161 28");
  large.insert(large.end(), 40, 'v');
  ASSERT_TRUE(decoded.decode(large));
  EXPECT_EQ(decoded.fields, (Pairs{{"a", std::string(40, 'v')}}));
  EXPECT_EQ(decoded.ids[0], 0U);
  EXPECT_FALSE(decoded.decode(from_hex("be")));
}

TEST(Hpack, AFieldMayTakeItsNameFromTheEntryThatItPushesOut) {
  Decoded decoded;
  ASSERT_TRUE(decoded.decode(from_hex("3f09 40 03616263 0162")));  // 40 bytes: room for one
  ASSERT_TRUE(decoded.decode(from_hex("7e 0163")));
  EXPECT_EQ(decoded.fields, (Pairs{{"abc", "c"}}));
  ASSERT_TRUE(decoded.decode(from_hex("be")));
  EXPECT_EQ(decoded.fields, (Pairs{{"abc", "c"}}));
}

TEST(Hpack, TheVersionTellsWhetherTheSameBytesMeanTheSame) {
  Decoded decoded;
  const std::uint64_t first = decoded.decoder.version();
  ASSERT_TRUE(decoded.decode(from_hex("8286")));
  EXPECT_EQ(decoded.decoder.version(), first);
  ASSERT_TRUE(decoded.decode(from_hex("4001610162")));
  EXPECT_NE(decoded.decoder.version(), first);
  const std::uint64_t second = decoded.decoder.version();
  ASSERT_TRUE(decoded.decode(from_hex("20")));
  EXPECT_NE(decoded.decoder.version(), second);
}

TEST(Hpack, WhatComesAgainIsSentAsAnIndex) {
  HpackEncoder encoder;
  const Pairs fields{{":path", "/a.B/C"}, {"x-token", "abcdefgh"}};
  const std::size_t first = encode(encoder, fields).size();
  const std::size_t second = encode(encoder, fields).size();
  EXPECT_EQ(encode(encoder, fields).size(), fields.size());
  EXPECT_LE(second, first);
}

// Whatever their hashes are: no two fields may push each other out, which would cost both ends each time.
TEST(Hpack, WhatRecursIsInsertedOnce) {
  for (int port = 1; port < 2000; ++port) {
    HpackEncoder encoder;
    const std::string authority = "127.0.0.1:" + std::to_string(port);
    const HeaderFields fields{{":method", "POST", true},        {":scheme", "http", true},
                              {":path", "/a.B/C", true},        {":authority", authority, false},
                              {"te", "trailers", true},         {"content-type", "application/grpc", true},
                              {"user-agent", "tern/0.1", true}, {"grpc-accept-encoding", "gzip", true}};
    Bytes block;
    for (int i = 0; i < 3; ++i) {
      block.clear();
      encoder.encode(fields, block);
    }
    ASSERT_EQ(block.size(), fields.size()) << "port " << port;
  }
}

TEST(Hpack, SecretsStayOutOfTheTable) {
  HpackEncoder encoder;
  const Pairs fields{{"authorization", "Bearer 1234"}};
  for (int i = 0; i < 3; ++i) {
    const Bytes block = encode(encoder, fields);
    EXPECT_EQ(block[0] & 0xf0, 0x10) << "never indexed (RFC 7541 §7.1.3)";
    EXPECT_GT(block.size(), 8U);
  }
}

TEST(Huffman, EveryByteBothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (std::size_t size = 0; size <= all.size(); ++size) {
    const std::string_view text = std::string_view{all}.substr(all.size() - size);
    Bytes coded;
    huffman::encode(text, coded);
    EXPECT_EQ(coded.size(), huffman::encoded_size(text));
    std::string back;
    ASSERT_TRUE(huffman::decode(coded, back));
    EXPECT_EQ(back, text);
  }
}

// nghttp2's ends of a connection.
struct Deleter {
  void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
  void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
};

class Deflater {
 public:
  Deflater() {
    nghttp2_hd_deflater* made = nullptr;
    nghttp2_hd_deflate_new(&made, HpackTable::kDefaultSize);
    deflater_.reset(made);
  }
  void resize(std::size_t bytes) { nghttp2_hd_deflate_change_table_size(deflater_.get(), bytes); }
  Bytes encode(const Pairs& pairs) {
    std::vector<nghttp2_nv> fields;
    fields.reserve(pairs.size());
    for (const auto& [name, value] : pairs) {
      fields.push_back({.name = to_bytes(name),
                        .value = to_bytes(value),
                        .namelen = name.size(),
                        .valuelen = value.size(),
                        .flags = NGHTTP2_NV_FLAG_NONE});
    }
    Bytes block(nghttp2_hd_deflate_bound(deflater_.get(), fields.data(), fields.size()));
    const ssize_t size =
        nghttp2_hd_deflate_hd(deflater_.get(), block.data(), block.size(), fields.data(), fields.size());
    EXPECT_GE(size, 0);
    block.resize(static_cast<std::size_t>(size));
    return block;
  }

 private:
  static std::uint8_t* to_bytes(const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }
  std::unique_ptr<nghttp2_hd_deflater, Deleter> deflater_;
};

class Inflater {
 public:
  Inflater() {
    nghttp2_hd_inflater* made = nullptr;
    nghttp2_hd_inflate_new(&made);
    inflater_.reset(made);
  }
  void resize(std::size_t bytes) { nghttp2_hd_inflate_change_table_size(inflater_.get(), bytes); }
  /// Empty where the block is broken.
  Pairs decode(const Bytes& block) {
    Pairs fields;
    std::span<const std::uint8_t> left{block};
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, left.data(), left.size(), 1);
      if (used < 0) return {};
      left = left.subspan(static_cast<std::size_t>(used));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        fields.emplace_back(std::string{reinterpret_cast<const char*>(field.name), field.namelen},
                            std::string{reinterpret_cast<const char*>(field.value), field.valuelen});
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return fields;
  }

 private:
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

/// Header lists of which some come again, and some never; reproducible.
class Lists {
 public:
  Pairs next() {
    static const Pairs kUsual{
        {":method", "POST"},       {":scheme", "http"},  {":path", "/user.v1.UserService/GetUser"},
        {":authority", "a.test"},  {"te", "trailers"},   {"content-type", "application/grpc"},
        {"user-agent", "tern/1"},  {":status", "200"},   {"grpc-status", "0"},
        {"authorization", "abcd"}, {"cookie", "a=b; c"}, {"grpc-encoding", "gzip"}};
    Pairs fields;
    const std::size_t count = below(12);
    for (std::size_t i = 0; i <= count; ++i) {
      if (below(3) > 0) {
        fields.push_back(kUsual[below(kUsual.size())]);
      } else {
        fields.emplace_back("x-" + std::to_string(below(40)), value());
      }
    }
    return fields;
  }
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

 private:
  std::string value() {
    std::string made(below(20) == 0 ? below(5000) : below(30), ' ');
    for (char& c : made) c = static_cast<char>(below(256));
    return made;
  }
  std::mt19937 random_{1};
};

constexpr int kBlocks = 20'000;

TEST(Hpack, DecodesWhatNghttp2Encodes) {
  Lists lists;
  Deflater deflater;
  Decoded decoded;
  for (int i = 0; i < kBlocks; ++i) {
    if (lists.below(50) == 0) deflater.resize(lists.below(HpackTable::kDefaultSize + 1));
    const Pairs fields = lists.next();
    ASSERT_TRUE(decoded.decode(deflater.encode(fields))) << i;
    ASSERT_EQ(decoded.fields, fields) << i;
  }
}

TEST(Hpack, Nghttp2DecodesWhatItEncodes) {
  Lists lists;
  HpackEncoder encoder;
  Inflater inflater;
  for (int i = 0; i < kBlocks; ++i) {
    // As SETTINGS come and go; a later one may come before the next block.
    while (lists.below(50) == 0) {
      const std::size_t size = lists.below(2 * HpackTable::kDefaultSize);
      inflater.resize(size);
      encoder.limit_table(size);
    }
    const Pairs fields = lists.next();
    ASSERT_EQ(inflater.decode(encode(encoder, fields)), fields) << i;
  }
}

// Whatever the bytes are, decoding ends, and what it hands out can be read.
TEST(Hpack, RandomBytesDoNoHarm) {
  Lists lists;
  std::size_t read = 0;
  for (int i = 0; i < kBlocks; ++i) {
    Decoded decoded;
    for (int block = 0; block < 4; ++block) {
      Bytes bytes(lists.below(40));
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(lists.below(256));
      if (!decoded.decode(bytes)) break;
      for (const auto& [name, value] : decoded.fields) read += name.size() + value.size();
    }
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace tern::http2
