// Several servers that one channel knows.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/serve.h"

namespace tern::test {

inline constexpr BackoffOptions kQuick{
    .initial = std::chrono::milliseconds{5}, .multiplier = 1.5, .jitter = 0, .maximum = std::chrono::milliseconds{20}};

/// Servers that come and go.
struct Fleet {
  struct Member {
    ProbeService service;
    Service* second_service = nullptr;
    std::unique_ptr<Server> server;
    std::string address;
  };
  std::vector<std::unique_ptr<Member>> members;

  Member& add(const std::string& address = "127.0.0.1:0", Service* second_service = nullptr) {
    members.push_back(std::make_unique<Member>());
    members.back()->second_service = second_service;
    start(*members.back(), address);
    return *members.back();
  }
  static void start(Member& member, const std::string& address) {
    member.server = std::make_unique<Server>();
    member.server->add_service(member.service);
    if (member.second_service != nullptr) member.server->add_service(*member.second_service);
    const std::uint16_t port = member.server->listen(address);
    member.address = port == 0 ? address : "127.0.0.1:" + std::to_string(port);
  }
  /// As a crash would: without a word.
  static void crash(Member& member) { member.server.reset(); }

  [[nodiscard]] std::string list() const {
    std::string addresses;
    for (const auto& member : members) addresses += (addresses.empty() ? "ipv4:" : ",") + member->address;
    return addresses;
  }
};

/// The same, however it ends.
inline Task<void> make_call(Channel& channel, CallOptions options = {}) {
  const Status ignored = co_await call(channel, options);
  static_cast<void>(ignored);
}

template <class Body>
void run_test(Body body) {
  block_on(body());
}

}  // namespace tern::test
