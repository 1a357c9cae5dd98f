// Every error that a site makes, in the form that SiteOptions::error_response gives it, over HTTP/1.1 and HTTP/2 alike;
// and what a function that fails does not break.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/status.pb.h"
#include "rest/with_notes.h"
#include "support/captured_log.h"

namespace tern::rest {
namespace {

using tern::test::web::v1::Note;
using tern::test::web::v1::Notes;
using test::Case;
using test::FieldList;
using test::Reply;
using test::Served;

constexpr std::string_view kType = "application/problem+json";

/// RFC 9457. The same as in docs/guide.md.
Response problem(const SiteError& error) {
  google::protobuf::Struct members;
  auto& by_name = *members.mutable_fields();
  by_name["status"].set_number_value(error.http_status);
  by_name["title"].set_string_value(error.status.details());
  by_name["instance"].set_string_value(std::string{error.request.path()});
  std::string body;
  if (!google::protobuf::util::MessageToJsonString(members, &body).ok()) throw std::runtime_error("not UTF-8");
  return {error.http_status, kType, std::move(body)};
}

/// Calls that fail, over the JSON routes of web.proto.
class Failing final : public Notes::AsyncService {
 public:
  Task<Note> Look(ServerContext& /*context*/, const Note& /*note*/) override { abort(); }
  Task<Note> Write(ServerContext& /*context*/, const Note& note) override { co_return note; }
  Task<Note> Close(ServerContext& context, const Note& note) override {
    if (note.text() == "token") {
      context.initial_metadata().add("www-authenticate", "Bearer");
      ServerContext::abort(StatusCode::kUnauthenticated, "who are you");
    }
    if (note.text() == "later") {
      context.trailing_metadata().add("retry-after", "7");
      ServerContext::abort(StatusCode::kUnavailable, "later");
    }
    if (note.text() == "throw") throw std::runtime_error("secret of the inside");
    abort();
  }

 private:
  [[noreturn]] static void abort() {
    Note why;
    why.set_text("why");
    google::rpc::Status whole;
    whole.add_details()->PackFrom(why);
    ServerContext::abort(Status{StatusCode::kFailedPrecondition, "as asked", whole.SerializeAsString()});
  }
};

Served shaped_by(ErrorResponse shape) {
  Served served;
  served.site.max_body_length = 1000;
  served.site.max_header_length = 4096;
  served.site.error_response = std::move(shape);
  served.server.max_metadata_size = 4096;
  served.set_up = [](Site& site) {
    site.route("POST", "/length", [](Request& request) -> Task<Response> {
      const std::string whole = co_await request.body();
      co_return Response{200, "text/plain", std::to_string(whole.size())};
    });
    site.route("GET", "/http-error", [](Request&) -> Task<Response> { throw HttpError{409, "it is there"}; });
    site.route("GET", "/rpc-error",
               [](Request&) -> Task<Response> { throw RpcError{Status{StatusCode::kNotFound, "no such note"}}; });
    site.route("GET", "/throws", [](Request&) -> Task<Response> { throw std::runtime_error("secret of the inside"); });
    site.route("GET", "/query", [](Request& request) -> Task<Response> {
      co_return Response{200, "text/plain", std::to_string(request.query_parameters().size())};
    });
    site.route("GET", "/redirect", [](Request&) -> Task<Response> { throw HttpError{304, "as you have it"}; });
  };
  return served;
}

template <class Check>
void ask_all(const std::vector<Case>& cases, Served served, Check check) {
  test::ask_in_both_versions<Failing>(cases, std::move(served), check);
}

const FieldList kJson{{"content-type", "application/json"}};

/// `body_part` is the problem's title.
const std::vector<Case> kErrors{
    {"an unknown path", {.method = "GET", .target = "/nowhere?a=b"}, 404, "nothing is at /nowhere"},
    {"another method of a route",
     {.method = "DELETE", .target = "/query"},
     405,
     "/query is not there for DELETE",
     {"allow", "GET, HEAD"}},
    {"another method of a JSON route",
     {.method = "DELETE", .target = "/v1/notes"},
     405,
     "not there for DELETE",
     {"allow", "POST"}},
    {"a verb that a method does not have",
     {.method = "DELETE", .target = "/tern.test.web.v1.Notes/Write"},
     405,
     "is called by POST",
     {"allow", "POST"}},
    {"a form for a method",
     {.target = "/tern.test.web.v1.Notes/Write", .fields = {{"content-type", "text/plain"}}},
     415,
     "the content type for"},
    {"a form for a JSON route",
     {.target = "/v1/notes", .fields = {{"content-type", "text/plain"}}, .body = "{}"},
     415,
     "takes JSON"},
    {"a page of another site",
     {.target = "/v1/notes",
      .fields = {{"content-type", "application/json"},
                 {"origin", "https://evil.example"},
                 {"sec-fetch-site", "cross-site"}},
      .body = "{}"},
     403,
     "pages of https://evil.example"},
    {"a body that is too long", {.target = "/length", .body = std::string(2000, 'x')}, 413, "longer than 1000 bytes"},
    {"JSON that is broken", {.target = "/v1/notes", .fields = kJson, .body = "{"}, 400, "the body: "},
    {"a query that is broken", {.method = "GET", .target = "/query?a=%zz"}, 400, "broken percent-escape"},
    {"a timeout that is broken",
     {.method = "GET", .target = "/v1/notes/a", .fields = {{"grpc-timeout", "x"}}},
     400,
     "is no timeout"},
    {"a handler's HttpError", {.method = "GET", .target = "/http-error"}, 409, "it is there"},
    {"a handler's RpcError", {.method = "GET", .target = "/rpc-error"}, 404, "no such note"},
    {"a handler's exception", {.method = "GET", .target = "/throws"}, 500, "internal server error"},
    {"a call that fails", {.method = "GET", .target = "/v1/notes/a"}, 400, "as asked"},
    {"a call without a token",
     {.method = "GET", .target = "/v1/notes/token"},
     401,
     "who are you",
     {"www-authenticate", "Bearer"}},
    {"a call that is to come again",
     {.method = "GET", .target = "/v1/notes/later"},
     503,
     "later",
     {"trailer-retry-after", "7"}},
    {"a service's exception", {.method = "GET", .target = "/v1/notes/throw"}, 500, "Unexpected error"},
    {"a head that is too long",
     {.method = "GET", .target = "/query", .fields = {{"x", std::string(5000, 'x')}}},
     431,
     "max_"},
};

TEST(ErrorResponse, HasTheSitesFormForEveryErrorOfASite) {
  const tern::test::CapturedLog log;
  ask_all(kErrors, shaped_by(problem), [](const Case& expected, const Reply& reply) {
    EXPECT_EQ(reply.status, expected.status);
    EXPECT_EQ(reply.get("content-type"), kType);
    EXPECT_EQ(reply.get("x-content-type-options"), "nosniff");
    boost::system::error_code broken;
    const boost::json::value body = boost::json::parse(reply.body, broken);
    EXPECT_FALSE(broken) << reply.body;
    if (broken) return;
    EXPECT_EQ(body.at("status").to_number<unsigned>(), expected.status);
    const std::string title{body.at("title").as_string()};
    EXPECT_NE(title.find(expected.body_part), std::string::npos) << title;
    const std::string path = expected.ask.target.substr(0, expected.ask.target.find('?'));
    EXPECT_EQ(body.at("instance").as_string(), path);
    if (!expected.field.first.empty()) {
      EXPECT_EQ(reply.get(expected.field.first), expected.field.second) << expected.field.first;
    }
  });
  EXPECT_EQ(log.text().find("error_response failed"), std::string::npos) << log.text();
}

TEST(ErrorResponse, IsGoogleRpcStatusByDefault) {
  const tern::test::CapturedLog log;
  std::vector<Case> errors;
  for (const Case& each : kErrors) {
    const bool is_text = each.ask.target.starts_with("/tern.");
    errors.push_back({each.name, each.ask, each.status, is_text ? "" : R"({"code":)", each.field});
  }
  ask_all(errors, shaped_by({}), test::check);
}

TEST(ErrorResponse, GetsTheDetailsOfACall) {
  const ErrorResponse shape = [](const SiteError& error) {
    google::rpc::Status whole;
    Note why;
    const bool has_detail = whole.ParseFromString(error.status.error_details()) && whole.details_size() == 1 &&
                            whole.details(0).UnpackTo(&why);
    return Response::json(has_detail ? why.text() : "no detail");
  };
  ask_all({{"a call that fails", {.method = "GET", .target = "/v1/notes/a"}, 400, "why"},
           {"an unknown path", {.method = "GET", .target = "/nowhere"}, 404, "no detail"}},
          shaped_by(shape), test::check);
}

TEST(ErrorResponse, LeavesTheOtherProtocolsTheirs) {
  ask_all({{"Connect",
            {.target = "/tern.test.web.v1.Notes/Look", .fields = kJson, .body = "{}"},
            400,
            R"({"code":"failed_precondition")",
            {"content-type", "application/json"}},
           {"Connect, an unknown path",
            {.target = "/a.B/C", .fields = {{"content-type", "application/proto"}}},
            404,
            R"({"code":"unimplemented")"},
           {"Connect, a stream",
            {.target = "/tern.test.web.v1.Notes/Watch",
             .fields = {{"content-type", "application/connect+json"}, {"a-bin", "!"}}},
            200,
            R"({"error":{"code":"invalid_argument")"},
           {"gRPC-Web",
            {.target = "/tern.test.web.v1.Notes/Look",
             .fields = {{"content-type", "application/grpc-web"}, {"grpc-timeout", "x"}}},
            200,
            "grpc-status: 3"},
           {"a head that is too long, Connect",
            {.target = "/tern.test.web.v1.Notes/Look",
             .fields = {{"content-type", "application/json"}, {"x", std::string(5000, 'x')}}},
            429,
            R"({"code":"resource_exhausted")"},
           {"a head that is too long, gRPC-Web",
            {.target = "/tern.test.web.v1.Notes/Look",
             .fields = {{"content-type", "application/grpc-web"}, {"x", std::string(5000, 'x')}}},
            200,
            "grpc-status: 8"},
           {"no error", {.method = "GET", .target = "/redirect"}, 304, ""}},
          shaped_by(problem), test::check);
}

TEST(ErrorResponse, HasNoBodyForHead) {
  ask_all(
      {{"an unknown path", {.method = "HEAD", .target = "/nowhere"}, 404, "", {"content-type", std::string{kType}}}},
      shaped_by(problem), [](const Case& expected, const Reply& reply) {
        test::check(expected, reply);
        EXPECT_EQ(reply.body, "");
      });
}

/// Of HTTP/1.1 alone: in HTTP/2 they are errors of the stream or the connection (RFC 9113 §8.1.1).
TEST(ErrorResponse, HasTheSitesFormForMalformedHeads) {
  struct Malformed {
    const char* bytes;
    unsigned status;
    const char* instance;
  };
  static const std::vector<Malformed> kHeads{
      {"GET\r\n\r\n", 400, ""},
      {"GET / HTTP/3.0\r\nhost: a\r\n\r\n", 505, ""},
      {"GET /a?b HTTP/1.1\r\nhost : a\r\n\r\n", 400, "/a"},
      {"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: x, chunked\r\n\r\n", 501, "/a"},
      {"POST /a HTTP/1.1\r\nhost: a\r\nexpect: x\r\ncontent-length: 1\r\n\r\n", 417, "/a"},
      {"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", 501, ""},
  };
  const auto body = [](std::uint16_t port) -> Task<void> {
    for (const Malformed& each : kHeads) {
      test::Http1Client client{port};
      const test::Answer answer = co_await client.send(each.bytes);
      EXPECT_EQ(answer.result_int(), each.status) << each.bytes;
      EXPECT_EQ(answer["content-type"], kType) << each.bytes;
      EXPECT_EQ(answer["connection"], "close") << each.bytes;
      EXPECT_EQ(boost::json::parse(answer.body()).at("instance").as_string(), each.instance) << each.bytes;
      client.close();
    }
  };
  test::with_service<Failing>(shaped_by(problem), body);
}

TEST(ErrorResponse, KeepsTheErrorsStatusAndTheConnection) {
  const ErrorResponse meddling = [](const SiteError&) {
    Response response{200, "text/plain", "mine"};
    response.fields.add("connection", "close");
    response.fields.add("content-length", "99");
    response.fields.add("transfer-encoding", "chunked");
    response.fields.add("upgrade", "x");
    response.fields.add("allow", "NOTHING");
    response.fields.add("x-mine", "yes");
    response.length = 99;
    return response;
  };
  ask_all({{"405", {.method = "DELETE", .target = "/query"}, 405, "mine", {"allow", "GET, HEAD"}},
           {"404", {.method = "GET", .target = "/nowhere"}, 404, "mine", {"x-mine", "yes"}}},
          shaped_by(meddling), [](const Case& expected, const Reply& reply) {
            test::check(expected, reply);
            EXPECT_EQ(reply.body, "mine");
            for (const char* name : {"connection", "transfer-encoding", "upgrade"}) EXPECT_EQ(reply.get(name), "");
            EXPECT_EQ(reply.get("content-length"), "4");
          });
}

AsyncGenerator<std::string> one_piece() { co_yield "piece"; }

TEST(ErrorResponse, IsGoogleRpcStatusWhereTheFunctionFails) {
  const std::vector<std::pair<std::string, ErrorResponse>> broken{
      {"secret of the shape", [](const SiteError&) -> Response { throw std::runtime_error("secret of the shape"); }},
      {"no std::exception", [](const SiteError&) -> Response { throw 7; }},
      {"has pieces", [](const SiteError&) { return Response::stream("text/plain", one_piece()); }},
      {"is no name of a header field",
       [](const SiteError& error) {
         Response response{error.http_status, "text/plain", "x"};
         response.fields.add("a b", "c");
         return response;
       }},
  };
  for (const auto& [reason, shape] : broken) {
    const ::testing::ScopedTrace trace{__FILE__, __LINE__, reason};
    const tern::test::CapturedLog log;
    ask_all({{"404", {.method = "GET", .target = "/nowhere"}, 404, R"({"code":5,"message":"nothing is at /nowhere")"},
             {"405", {.method = "DELETE", .target = "/query"}, 405, R"({"code":12)", {"allow", "GET, HEAD"}},
             {"431",
              {.method = "GET", .target = "/query", .fields = {{"x", std::string(5000, 'x')}}},
              431,
              R"({"code":8)"}},
            shaped_by(shape), test::check);
    EXPECT_NE(log.text().find(reason), std::string::npos) << log.text();
    EXPECT_NE(log.text().find("error_response"), std::string::npos);
  }
}

}  // namespace
}  // namespace tern::rest
