// A site with the service of web.proto, and tables of requests that HTTP/1.1 and HTTP/2 must answer alike.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rest/any_client.h"
#include "rest/notes_service.h"

namespace tern::rest::test {

/// A request, and what its answer must be; nothing is asked of a field whose name is empty.
struct Case {
  std::string name;
  Ask ask;
  unsigned status = 200;
  std::string body_part = {};  // the answer's body has this in it
  std::pair<std::string, std::string> field = {};
};

struct Served {
  SiteOptions site = {};
  ServerOptions server = {};
  /// Adds routes.
  std::function<void(Site&)> set_up = [](Site& /*site*/) {};
};

/// Runs `body(port)`, a coroutine, against a server with this service on one port.
template <class ServiceType, class Body>
void with_service(Served served, Body body) {
  const auto run = [](Served its_served, Body its_body) -> Task<void> {
    ServiceType service;
    Site site{its_served.site};
    Server server{its_served.server};
    server.add_service(service);
    its_served.set_up(site);
    site.add_services(server);
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    co_await its_body(port);
    co_await server.stop({.grace = std::chrono::hours{1}});
  };
  block_on(run(std::move(served), body), {.threads = 2});
}

template <class Body>
void with_notes(Served served, Body body) {
  with_service<NotesService>(std::move(served), std::move(body));
}

inline void check(const Case& expected, const Reply& reply) {
  EXPECT_EQ(reply.status, expected.status) << reply.body;
  EXPECT_NE(reply.body.find(expected.body_part), std::string::npos) << reply.body;
  if (expected.field.first.empty()) return;
  EXPECT_EQ(reply.get(expected.field.first), expected.field.second) << expected.field.first;
}

inline constexpr std::array kBothVersions{Version::kHttp1, Version::kHttp2};

/// Sends each request over each version of HTTP, and calls `check_reply(case, reply)`.
template <class ServiceType, class Check>
void ask_in_both_versions(const std::vector<Case>& cases, Served served, Check check_reply) {
  with_service<ServiceType>(std::move(served), [&](std::uint16_t port) -> Task<void> {
    for (const Version version : kBothVersions) {
      for (const Case& each : cases) {
        const ::testing::ScopedTrace trace{
            __FILE__, __LINE__, each.name + (version == Version::kHttp1 ? " over HTTP/1.1" : " over HTTP/2")};
        AnyClient client{version, port};
        const Reply reply = co_await client.ask(each.ask);
        check_reply(each, reply);
      }
    }
  });
}

inline void expect_in_both_versions(const std::vector<Case>& cases, Served served = {}) {
  ask_in_both_versions<NotesService>(cases, std::move(served), check);
}

}  // namespace tern::rest::test
