// Targets as grpc/doc/naming.md writes them: a row for each form.
#include "client/target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace tern {
namespace {

struct Row {
  const char* text;
  const char* addresses;  // separated by blanks
  bool by_dns;
  const char* authority;
  const char* host;
};

std::string addresses_of(const Target& target) {
  std::string all;
  for (const transport::Address& address : target.addresses) all += (all.empty() ? "" : " ") + address.to_string();
  return all;
}

TEST(Target, ReadsEveryForm) {
  const std::vector<Row> rows{
      {"localhost:1", "localhost:1", true, "localhost:1", "localhost"},
      {"localhost", "localhost:443", true, "localhost:443", "localhost"},
      {"localhost.:1", "localhost.:1", true, "localhost.:1", "localhost."},
      {"my_service:8000", "my_service:8000", true, "my_service:8000", "my_service"},
      {"dns:example.com:1", "example.com:1", true, "example.com:1", "example.com"},
      {"dns:example.com", "example.com:443", true, "example.com:443", "example.com"},
      {"dns:/example.com", "example.com:443", true, "example.com:443", "example.com"},
      {"dns:///example.com", "example.com:443", true, "example.com:443", "example.com"},
      {"dns:///example.com:1", "example.com:1", true, "example.com:1", "example.com"},
      {"dns:///127.0.0.1", "127.0.0.1:443", false, "127.0.0.1:443", "127.0.0.1"},
      {"dns:[::1]", "[::1]:443", false, "[::1]:443", "::1"},
      {"127.0.0.1:1", "127.0.0.1:1", false, "127.0.0.1:1", "127.0.0.1"},
      {"127.0.0.1", "127.0.0.1:443", false, "127.0.0.1:443", "127.0.0.1"},
      {"[::1]:1", "[::1]:1", false, "[::1]:1", "::1"},
      {"[::1]", "[::1]:443", false, "[::1]:443", "::1"},
      {"[fe80::1%eth0]:1", "[fe80::1%eth0]:1", false, "[fe80::1]:1", "fe80::1"},
      {"ipv4:1.2.3.4:1,5.6.7.8:2", "1.2.3.4:1 5.6.7.8:2", false, "1.2.3.4:1", "1.2.3.4"},
      {"ipv4:1.2.3.4,5.6.7.8", "1.2.3.4:443 5.6.7.8:443", false, "1.2.3.4:443", "1.2.3.4"},
      {"ipv4:///1.2.3.4:1", "1.2.3.4:1", false, "1.2.3.4:1", "1.2.3.4"},
      {"ipv6:[::1]:1,[::2]:2", "[::1]:1 [::2]:2", false, "[::1]:1", "::1"},
      {"ipv6:[fe80::1%lo]:1", "[fe80::1%lo]:1", false, "[fe80::1]:1", "fe80::1"},
      {"unix:/a/b", "unix:/a/b", false, "localhost", "localhost"},
      {"unix:///a/b", "unix:/a/b", false, "localhost", "localhost"},
      {"unix:a", "unix:a", false, "localhost", "localhost"},
      {"unix-abstract:name", "unix-abstract:name", false, "localhost", "localhost"},
      {"fd:5", "fd:5", false, "localhost", "localhost"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const Target target = Target::parse(row.text);
    EXPECT_EQ(addresses_of(target), row.addresses);
    EXPECT_EQ(target.by_dns, row.by_dns);
    EXPECT_EQ(target.authority, row.authority);
    EXPECT_EQ(target.host, row.host);
  }
}

TEST(Target, SaysWhatIsWrong) {
  struct Wrong {
    const char* text;
    const char* why;
  };
  const std::vector<Wrong> rows{
      {"", "host is missing"},
      {":1", "host is missing"},
      {"localhost:", "port is not a number"},
      {"localhost:x", "port is not a number"},
      {"localhost:0", "port 0"},
      {"localhost:65536", "port is not a number"},
      {"::1:50051", "in brackets"},
      {"dns://8.8.8.8/example.com", "authority \"8.8.8.8\" is not supported"},
      {"dns://example.com", "authority \"example.com\" is not supported"},
      {"ipv4:example.com:1", "not an IPv4 address"},
      {"ipv4:[::1]:1", "not an IPv4 address"},
      {"ipv4:1.2.3.4:1,", "host is missing"},
      {"ipv6:1.2.3.4:1", "not an IPv6 address"},
      {"unix:", "path is missing"},
      {"unix-abstract:", "1 to 106 bytes"},
      {"fd:x", "no number"},
      {"http://localhost:50051", "no URL's scheme"},
      {"https://example.com", "no URL's scheme"},
      {"xds:///users", "scheme \"xds\" is not supported"},
      {"vsock:2:1", "scheme \"vsock\" is not supported"},
      {"passthrough:///1.2.3.4:1", "scheme \"passthrough\" is not supported"},
      {"consul://agent/users", "scheme \"consul\" is not supported"},
  };
  for (const Wrong& row : rows) {
    try {
      static_cast<void>(Target::parse(row.text));
      ADD_FAILURE() << row.text;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string{error.what()}.find(row.why), std::string::npos) << row.text << ": " << error.what();
    }
  }
}

TEST(Target, WithAResolverTakesThePathAsAuthority) {
  struct Text {
    const char* text;
    const char* authority;
    const char* host;
  };
  for (const Text& row : std::vector<Text>{{"users.example:443", "users.example:443", "users.example"},
                                           {"users", "users", "users"},
                                           {"consul://agent:8500/users.example:1", "users.example:1", "users.example"},
                                           {"zk:///users", "users", "users"},
                                           {"the users", "the users", "the users"},
                                           {":443", ":443", ":443"}}) {
    const Target target = Target::of_resolver(row.text);
    EXPECT_EQ(target.authority, row.authority) << row.text;
    EXPECT_EQ(target.host, row.host) << row.text;
    EXPECT_TRUE(target.addresses.empty());
  }
}

}  // namespace
}  // namespace tern
