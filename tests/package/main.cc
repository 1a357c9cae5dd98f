// A server and its client, as a user of the package would begin.
#include <chrono>
#include <cstdio>
#include <string>

#include "names/v1/names.tern.h"
#include "tern/rest/site.h"
#include "tern/tern.h"
#include "tern/testing.h"

namespace {

class First final : public names::v1::First::AsyncService {
 public:
  tern::Task<google::protobuf::Empty> delete_(tern::ServerContext& context,
                                              const names::shared::v1::Outer& request) override {
    if (request.inner().operator_().empty()) context.abort(tern::StatusCode::kInvalidArgument, "no operator");
    co_return google::protobuf::Empty{};
  }
  tern::Task<names::shared::v1::Outer_Inner> Stub_(tern::ServerContext& /*context*/,
                                                   const google::protobuf::Empty& /*request*/) override {
    names::shared::v1::Outer_Inner inner;
    inner.set_operator_("plus");
    co_return inner;
  }
};

class Second final : public names::v1::Second::AsyncService {
 public:
  tern::AsyncGenerator<google::protobuf::Timestamp> Every(tern::ServerContext& /*context*/,
                                                          const google::protobuf::Empty& /*request*/) override {
    for (int i = 0; i < 3; ++i) {
      google::protobuf::Timestamp time;
      time.set_seconds(i);
      co_yield time;
    }
  }
};

tern::Task<int> run() {
  First first;
  Second second;
  tern::rest::Site site;
  tern::Server server;
  server.add_service(first);
  server.add_service(second);
  site.add_services(server);
  tern::Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &site}))};
  names::v1::First::Stub stub{channel};
  const auto inner = co_await stub.Stub_(google::protobuf::Empty{});
  names::shared::v1::Outer outer;
  *outer.mutable_inner() = inner;
  co_await stub.delete_(outer);
  const auto missing = co_await stub.Now(google::protobuf::Empty{}).result();
  auto times = names::v1::Second::Stub{channel}.Every(google::protobuf::Empty{});
  int count = 0;
  while (const auto time = co_await times.next()) ++count;
  co_await channel.close();
  co_await server.stop();
  const bool right =
      inner.operator_() == "plus" && missing.status().code() == tern::StatusCode::kUnimplemented && count == 3;
  std::puts(right ? "the consumer's calls went through" : "the consumer's calls did NOT go through");
  co_return right ? 0 : 1;
}

tern::Task<int> run_and_play_an_hour() {
  const int status = co_await run();
  if (status != 0) co_return status;
  const tern::testing::Time time{{.automatic = true}};
  co_await tern::sleep(std::chrono::hours{1});
  co_return time.elapsed() == std::chrono::hours{1} ? 0 : 1;
}

}  // namespace

int main() { return tern::run(run_and_play_an_hour()); }
