// The services of edges.proto, and tables of requests to them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edges.tern.h"
#include "rest/http_client.h"

namespace tern::rest::test {

namespace edges = ::tern::test::edges::v1;

class EdgesService final : public edges::Edges::AsyncService {
 public:
  static edges::Kinds full() {
    edges::Kinds kinds;
    kinds.mutable_book()->set_title("T");
    kinds.set_number(-7);
    kinds.set_large(1LL << 60);
    kinds.set_ratio(0.5);
    kinds.set_flag(true);
    kinds.set_blob("\x01\x02");
    kinds.set_color(edges::COLOR_RED);
    kinds.set_title(R"(a":{},"b)");
    kinds.set_maybe(0);
    kinds.add_books()->set_pages(3);
    kinds.add_numbers(1);
    kinds.add_numbers(0);
    (*kinds.mutable_shelf())["x"].set_title("y");
    (*kinds.mutable_names())[4] = "four";
    kinds.mutable_time()->set_seconds(1);
    kinds.mutable_age()->set_seconds(90);
    kinds.mutable_text()->set_value("");
    kinds.mutable_limit()->set_value(5);
    kinds.mutable_value()->set_null_value(google::protobuf::NULL_VALUE);
    kinds.mutable_list()->add_values()->set_bool_value(true);
    (*kinds.mutable_object()->mutable_fields())["k"].set_number_value(1);
    kinds.mutable_mask()->add_paths("book.title");
    kinds.mutable_any()->PackFrom(kinds.book());
    kinds.set_word("w");
    return kinds;
  }

  Task<edges::Kinds> Show(ServerContext& /*context*/, const edges::Name& request) override {
    co_return request.name() == "full" ? full() : edges::Kinds{};
  }
  Task<edges::Kinds> Echo(ServerContext& /*context*/, const edges::Kinds& request) override { co_return request; }
  Task<edges::Update> Patch(ServerContext& /*context*/, const edges::Update& request) override { co_return request; }
  Task<edges::TwoMasks> PatchTwo(ServerContext& /*context*/, const edges::TwoMasks& request) override {
    co_return request;
  }

  Task<edges::Reached> AnyMethod(ServerContext&, const edges::Name& request) override { return at("any", request); }
  Task<edges::Reached> OneMethod(ServerContext&, const edges::Name& request) override { return at("one", request); }
  Task<edges::Reached> Head(ServerContext& context, const edges::Name& request) override {
    context.initial_metadata().add("x-reached", "head");
    return at("head", request);
  }
  Task<edges::Reached> Get(ServerContext&, const edges::Name& request) override { return at("get", request); }
  Task<edges::Reached> Cancel(ServerContext&, const edges::Name& request) override { return at("cancel", request); }
  Task<edges::Reached> Deep(ServerContext&, const edges::Name& request) override { return at("deep", request); }
  Task<edges::Reached> Word(ServerContext&, const edges::Name& request) override { return at("word", request); }
  Task<edges::Reached> Slash(ServerContext&, const edges::Name& request) override { return at("slash", request); }

  Task<google::api::HttpBody> Download(ServerContext& /*context*/, const edges::Name& request) override {
    google::api::HttpBody body;
    if (request.name() != "plain") body.set_content_type("image/png");
    body.set_data(std::string{"\x89PNG\0\xff", 6});
    co_return body;
  }
  AsyncGenerator<google::api::HttpBody> DownloadPieces(ServerContext& /*context*/,
                                                       const edges::Name& request) override {
    if (request.name() == "none") co_return;
    if (request.name() == "refused") ServerContext::abort(StatusCode::kPermissionDenied, "not yours");
    google::api::HttpBody body;
    body.set_content_type("text/csv");
    body.set_data("a,b\n");
    co_yield body;
    body.clear_content_type();
    body.set_data("1,2\n");
    co_yield body;
    if (request.name() == "break") ServerContext::abort(StatusCode::kInternal, "the disk is gone");
  }
  Task<edges::Uploaded> Upload(ServerContext& /*context*/, const google::api::HttpBody& request) override {
    edges::Uploaded uploaded;
    uploaded.set_content_type(request.content_type());
    uploaded.set_size(static_cast<int>(request.data().size()));
    co_return uploaded;
  }
  Task<edges::Attachment> Attach(ServerContext& /*context*/, const edges::Attachment& request) override {
    co_return request;
  }

 private:
  static Task<edges::Reached> at(std::string method, edges::Name request) {
    edges::Reached reached;
    reached.set_method(std::move(method));
    reached.set_name(request.name());
    co_return reached;
  }
};

template <class Body>
void with_edges(Body body, SiteOptions options = {}) {
  static EdgesService service;
  with_site(
      [](Site& site, Server& server) {
        server.add_service(service);
        site.add_services(server);
      },
      body, std::move(options));
}

struct EdgeCase {
  std::string method;
  std::string target;
  std::string body;
  unsigned status;
  /// The whole body of the answer; a part of it where it begins with "…".
  std::string answer;
};

inline void expect_edges(const std::vector<EdgeCase>& cases, SiteOptions options = {}) {
  with_edges(
      [&cases](Http1Client& client) -> Task<void> {
        for (const EdgeCase& each : cases) {
          const std::string what = each.method + " " + each.target + " " + each.body;
          const Answer answer =
              co_await client.ask(each.method, each.target, each.body, "Content-Type: application/json\r\n");
          EXPECT_EQ(answer.result_int(), each.status) << what << "\n" << answer.body();
          if (each.answer.starts_with("…")) {
            EXPECT_NE(answer.body().find(each.answer.substr(3)), std::string::npos) << what << "\n" << answer.body();
          } else {
            EXPECT_EQ(answer.body(), each.answer) << what;
          }
        }
      },
      std::move(options));
}

}  // namespace tern::rest::test
