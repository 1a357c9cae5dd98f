#include "transport/address.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tern::transport {
namespace {

TEST(Address, ReadsEveryForm) {
  EXPECT_EQ(Address::parse("localhost:50051").to_string(), "localhost:50051");
  EXPECT_EQ(Address::parse("[::]:50051").host, "::");
  EXPECT_EQ(Address::parse("[::1]:0").to_string(), "[::1]:0");
  EXPECT_EQ(Address::parse("ipv4:127.0.0.1:1").to_string(), "127.0.0.1:1");
  EXPECT_EQ(Address::parse("ipv6:[::1]:1").to_string(), "[::1]:1");
  EXPECT_EQ(Address::parse("dns:///example.com:65535").to_string(), "example.com:65535");
  EXPECT_EQ(Address::parse("unix:/tmp/a.sock").unix_path, "/tmp/a.sock");
  EXPECT_EQ(Address::parse("unix:///tmp/a.sock").unix_path, "/tmp/a.sock");
  EXPECT_EQ(Address::parse("unix:a.sock").unix_path, "a.sock");
}

TEST(Address, SaysWhatIsWrong) {
  for (const char* text : {"", "localhost", ":1", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
                           "::1:50", "unix:", "unix://"}) {
    try {
      Address::parse(text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string{error.what()}.find("expected host:port"), std::string::npos);
    }
  }
  EXPECT_THROW(Address::parse("unix:" + std::string(200, 'p')), std::invalid_argument);
}

}  // namespace
}  // namespace tern::transport
