// Which names a certificate can be checked against, and which are an error.
#include "transport/peer_name.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace tern::transport {
namespace {

TEST(PeerName, IsADnsNameOrAnAddress) {
  struct Row {
    const char* host;
    const char* text;
    bool is_address;
  };
  for (const Row& row : std::vector<Row>{{"localhost", "localhost", false},
                                         {"localhost.", "localhost", false},
                                         {"Users.Example", "Users.Example", false},
                                         {"my_service", "my_service", false},
                                         {"xn--bcher-kva.example", "xn--bcher-kva.example", false},
                                         {"127.0.0.1", "127.0.0.1", true},
                                         {"::1", "::1", true},
                                         {"[::1]", "::1", true},
                                         {"[fe80::1%eth0]", "fe80::1", true},
                                         {"fe80::1%25eth0", "fe80::1", true}}) {
    const PeerName name = PeerName::of(row.host);
    EXPECT_EQ(name.text(), row.text) << row.host;
    EXPECT_EQ(name.is_address(), row.is_address) << row.host;
  }
}

TEST(PeerName, IsNeverNobody) {
  const std::string long_label(64, 'a');
  std::string long_name = "a";
  while (long_name.size() < 254) long_name += ".a";
  const std::vector<std::string> wrong{"",
                                       ".",
                                       "..",
                                       ".example",
                                       "a..b",
                                       "a b",
                                       "[",
                                       "[]",
                                       "*.example",
                                       "b\xc3\xbc"
                                       "ch",
                                       "a:b",
                                       "a/b",
                                       ":443",
                                       "localhost:443",
                                       "%lo",
                                       "[%lo]",
                                       long_label,
                                       long_name,
                                       std::string{"localhost\0.evil", 15}};
  for (const std::string& host : wrong) {
    EXPECT_THROW(static_cast<void>(PeerName::of(host)), std::invalid_argument) << host;
  }
}

TEST(PeerName, WithAServerNameInTheOptionsIsThatName) {
  const ClientTls plain{};
  EXPECT_EQ(PeerName::of_server(plain, "localhost").text(), "localhost");
  const ClientTls named{{.server_name = "users.example"}};
  EXPECT_EQ(PeerName::of_server(named, "localhost").text(), "users.example");
  EXPECT_EQ(PeerName::of_server(named, "no name").text(), "users.example");
}

TEST(HostOfAuthority, LeavesThePortOut) {
  EXPECT_EQ(host_of_authority("users.example"), "users.example");
  EXPECT_EQ(host_of_authority("users.example:443"), "users.example");
  EXPECT_EQ(host_of_authority("127.0.0.1:1"), "127.0.0.1");
  EXPECT_EQ(host_of_authority("[::1]"), "[::1]");
  EXPECT_EQ(host_of_authority("[::1]:443"), "[::1]");
  for (const char* wrong : {"", ":443", "[]", "[]:443", "::1", "host:", "host:x", "[::1", "[::1]x", "[::1]:"}) {
    EXPECT_THROW(static_cast<void>(host_of_authority(wrong)), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace tern::transport
