// What header blocks say: of a request to the server, of a response to the client.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "rpc/request_head.h"
#include "rpc/response_head.h"

namespace tern::rpc {
namespace {

using Fields = std::vector<std::pair<const char*, const char*>>;

RequestHead request(const Fields& fields) {
  RequestHead head;
  for (const auto& [name, value] : fields) head.add(name, value);
  return head;
}

const Fields kRequest{
    {":method", "POST"}, {":path", "/a.B/C"}, {"te", "trailers"}, {"content-type", "application/grpc"}};

Fields with(Fields fields, const char* name, const char* value) {
  fields.emplace_back(name, value);
  return fields;
}

/// Returns the problem that a client has with a response of this content type.
Status response_problem(const char* content_type) {
  ResponseBlock read;
  read.add(":status", "200");
  read.add("content-type", content_type);
  return read.problem();
}

TEST(RequestHead, OfAUsualCall) {
  const RequestHead head = request(with(kRequest, "user-agent", "x"));
  EXPECT_EQ(head.http_refusal(), 0);
  EXPECT_TRUE(head.problem().ok());
  EXPECT_EQ(head.path(), "/a.B/C");
  EXPECT_EQ(head.metadata().get("user-agent"), "x");
  EXPECT_EQ(head.metadata().size(), 1U);
}

TEST(RequestHead, RefusesWhatIsNoGrpcCall) {
  EXPECT_EQ(request({{":method", "GET"}, {"content-type", "application/grpc"}}).http_refusal(), 405);
  EXPECT_EQ(request({{":method", "POST"}, {"content-type", "text/html"}}).http_refusal(), 415);
  EXPECT_EQ(request({{":method", "POST"}, {"content-type", "application/grpc-web"}}).http_refusal(), 415);
  EXPECT_EQ(request({{":method", "POST"}}).http_refusal(), 415);
  EXPECT_EQ(request({{":method", "POST"}, {"content-type", "application/grpc+proto"}}).http_refusal(), 0);
}

struct Type {
  const char* value;
  int http;
  StatusCode code;
};

TEST(RequestHead, ReadsContentTypesAsMediaTypes) {
  const std::vector<Type> table{{"application/grpc", 0, StatusCode::kOk},
                                {"application/grpc+proto", 0, StatusCode::kOk},
                                {"Application/GRPC", 0, StatusCode::kOk},
                                {"application/grpc+PROTO", 0, StatusCode::kOk},
                                {"application/grpc;charset=utf-8", 0, StatusCode::kOk},
                                {"application/grpc ; charset=utf-8", 0, StatusCode::kOk},
                                {"application/grpc+proto; v=1", 0, StatusCode::kOk},
                                {"application/grpc;x=+foo", 0, StatusCode::kOk},
                                {"application/grpc+foo", 0, StatusCode::kUnimplemented},
                                {"application/grpc+json", 0, StatusCode::kUnimplemented},
                                {"application/grpc+protobuf", 0, StatusCode::kUnimplemented},
                                {"application/grpc+proto+foo", 0, StatusCode::kUnimplemented},
                                {"application/grpc+foo;charset=utf-8", 0, StatusCode::kUnimplemented},
                                {"application/grpcx", 415, StatusCode::kOk},
                                {"application/grpc-web", 415, StatusCode::kOk},
                                {"application/grpc-web+proto", 415, StatusCode::kOk},
                                {"text/html", 415, StatusCode::kOk},
                                {"", 415, StatusCode::kOk}};
  for (const Type& type : table) {
    Fields fields = kRequest;
    fields.back().second = type.value;
    const RequestHead head = request(fields);
    EXPECT_EQ(head.http_refusal(), type.http) << type.value;
    EXPECT_EQ(head.problem().code(), type.code) << type.value;
    const StatusCode refused = type.http == 0 ? StatusCode::kInternal : StatusCode::kUnknown;
    const bool is_known = type.http == 0 && type.code == StatusCode::kOk;
    EXPECT_EQ(response_problem(type.value).code(), is_known ? StatusCode::kOk : refused) << type.value;
  }
}

TEST(RequestHead, NamesWhatIsMalformed) {
  EXPECT_EQ(request(with(kRequest, "grpc-encoding", "zip")).problem().code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(request(with(kRequest, "grpc-encoding", "identity")).problem().ok());
  EXPECT_EQ(request(with(kRequest, "a-bin", "!")).problem().code(), StatusCode::kInternal);
}

ResponseBlock block(const Fields& fields) {
  ResponseBlock read;
  for (const auto& [name, value] : fields) read.add(name, value);
  return read;
}

Status response(const std::vector<Fields>& blocks) {
  const ResponseBlock first = block(blocks.front());
  const ResponseBlock last = block(blocks.back());
  return final_status(first, blocks.size() == 1 ? &first : &last);
}

const Fields kInitial{{":status", "200"}, {"content-type", "application/grpc"}};

TEST(ResponseHead, ReadsTheStatusFromTrailers) {
  EXPECT_TRUE(response({kInitial, {{"grpc-status", "0"}}}).ok());
  const Status status = response({kInitial, {{"grpc-status", "5"}, {"grpc-message", "%EC%95%88"}}});
  EXPECT_EQ(status, (Status{StatusCode::kNotFound, "안"}));
}

TEST(ResponseHead, ReadsTheStatusOfTrailersOnly) {
  EXPECT_EQ(response({with(kInitial, "grpc-status", "12")}).code(), StatusCode::kUnimplemented);
}

TEST(ResponseHead, UnknownCodesAreUnknown) {
  for (const char* code : {"17", "99", "x", "", "-1", "-2", "+5", "5x", "0x5", " 5", "5 ", "4294967296",
                           "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(response({kInitial, {{"grpc-status", code}}}).code(), StatusCode::kUnknown) << code;
    EXPECT_EQ(response({with(kInitial, "grpc-status", code)}).code(), StatusCode::kUnknown) << code;
  }
}

TEST(ResponseHead, MapsHttpWhereNobodySpokeGrpc) {
  const std::vector<std::pair<const char*, StatusCode>> expected{
      {"400", StatusCode::kInternal},         {"401", StatusCode::kUnauthenticated},
      {"403", StatusCode::kPermissionDenied}, {"404", StatusCode::kUnimplemented},
      {"429", StatusCode::kUnavailable},      {"502", StatusCode::kUnavailable},
      {"503", StatusCode::kUnavailable},      {"504", StatusCode::kUnavailable},
      {"500", StatusCode::kUnknown},          {"200", StatusCode::kUnknown}};
  for (const auto& [http, code] : expected) {
    EXPECT_EQ(response({{{":status", http}, {"content-type", "text/html"}}}).code(), code) << http;
  }
}

TEST(ResponseHead, WithoutTrailersItIsInternal) {
  EXPECT_EQ(final_status(block(kInitial), nullptr).code(), StatusCode::kInternal);
}

TEST(ResponseHead, KeepsMetadataAndNothingElse) {
  const ResponseBlock read = block(with(with(kInitial, "a", "1"), "grpc-status", "0"));
  EXPECT_EQ(read.metadata().get("a"), "1");
  EXPECT_EQ(read.metadata().size(), 1U);
}

}  // namespace
}  // namespace tern::rpc
