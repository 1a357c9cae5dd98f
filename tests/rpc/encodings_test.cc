// Base64, percent-encoding and timeouts as they stand in header fields.
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "rpc/base64.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"

namespace tern::rpc {
namespace {

using namespace std::chrono_literals;

TEST(Base64, GoesBothWays) {
  std::mt19937 random{1};  // NOLINT(cert-msc51-cpp): the same bytes each time
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string text = encode_base64(bytes);
    EXPECT_EQ(decode_base64(text), bytes);
    EXPECT_EQ(text.find('='), std::string::npos);
  }
}

TEST(Base64, ReadsRfc4648sExamples) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"a", "ab!d", "====", "Zm9v Zg", "Zg===", "Z=g="}) EXPECT_FALSE(decode_base64(text)) << text;
}

TEST(Percent, KeepsPrintableAscii) {
  EXPECT_EQ(percent_encode("User 9 not found"), "User 9 not found");
  EXPECT_EQ(percent_encode("100%\n"), "100%25%0A");
  EXPECT_EQ(percent_encode("안"), "%EC%95%88");
}

TEST(Percent, EncodesBlanksAtTheEndsOnly) {
  EXPECT_EQ(percent_encode("a "), "a%20");
  EXPECT_EQ(percent_encode(" a"), "%20a");
  EXPECT_EQ(percent_encode("  a  b  "), "%20 a  b %20");
  EXPECT_EQ(percent_encode(" "), "%20");
  EXPECT_EQ(percent_encode("\t"), "%09");
}

TEST(Percent, CutsBehindAWholeCharacter) {
  EXPECT_EQ(percent_encode("abc", 2), "ab");
  EXPECT_EQ(percent_encode("abc", 0), "");
  EXPECT_EQ(percent_encode("ab cd", 3), "ab") << "no blank at the new end";
  EXPECT_EQ(percent_encode("é", 5), "");
  EXPECT_EQ(percent_encode("éé", 6), "%C3%A9");
  EXPECT_EQ(percent_encode("안안", 17), "%EC%95%88");
  EXPECT_EQ(percent_encode("😀x", 12), "%F0%9F%98%80");
  EXPECT_EQ(percent_encode("\xc3\x28", 3), "%C3") << "not UTF-8";
  EXPECT_EQ(percent_encode("\xe2\x82", 3), "%E2") << "cut off in the input already";
}

TEST(Percent, DecodesAndToleratesWhatIsBroken) {
  EXPECT_EQ(percent_decode("%EC%95%88 100%25"), "안 100%");
  EXPECT_EQ(percent_decode("50% off %4"), "50% off %4");
  EXPECT_EQ(percent_decode("%zz%"), "%zz%");
}

TEST(Timeout, ReadsEveryUnit) {
  EXPECT_EQ(parse_timeout("1H"), 1h);
  EXPECT_EQ(parse_timeout("2M"), 2min);
  EXPECT_EQ(parse_timeout("3S"), 3s);
  EXPECT_EQ(parse_timeout("4m"), 4ms);
  EXPECT_EQ(parse_timeout("5u"), 5us);
  EXPECT_EQ(parse_timeout("6n"), 6ns);
  EXPECT_EQ(parse_timeout("99999999H"), std::chrono::nanoseconds::max());
}

TEST(Timeout, RefusesWhatIsNone) {
  for (const char* text : {"", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", "1SS", " 1S"}) {
    EXPECT_FALSE(parse_timeout(text)) << text;
  }
}

TEST(Timeout, IsWrittenInTheFinestUnitThatFits) {
  EXPECT_EQ(TimeoutText{5s}.view(), "5000000u");
  EXPECT_EQ(TimeoutText{99'999'999ns}.view(), "99999999n");
  EXPECT_EQ(TimeoutText{100'000'001ns}.view(), "100001u");
  EXPECT_EQ(TimeoutText{48h}.view(), "172800S");
  EXPECT_EQ(TimeoutText{0ns}.view(), "1n");
  EXPECT_EQ(TimeoutText{-5s}.view(), "1n");
  EXPECT_EQ(parse_timeout(TimeoutText{std::chrono::nanoseconds::max()}.view()).value() > 24h, true);
}

}  // namespace
}  // namespace tern::rpc
