// What a status says on the wire: its code, whatever the handler gave, its text of any letters and any length, and its
// error details, beside metadata with blanks.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/serve.h"
#include "tern/client/interceptor.h"
#include "tern/server/interceptor.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

constexpr int kNotFound = static_cast<int>(StatusCode::kNotFound);

Order failing(std::string details, int code = kNotFound) {
  Order order;
  order.set_status(code);
  order.set_details(std::move(details));
  return order;
}

Task<Status> unary(Channel& channel, Order order) {
  const Result<Payload> result = co_await ProbeStub{channel}.Unary(order, {.timeout = 10s}).result();
  co_return result.status();
}
/// With `count` messages before the status.
Task<Status> download(Channel& channel, Order order, int count) {
  order.set_count(count);
  auto call = ProbeStub{channel}.Download(order, {.timeout = 10s});
  int received = 0;
  while (co_await call.read()) ++received;
  EXPECT_EQ(received, count);
  co_return co_await call.status();
}

/// Runs `body` against an asynchronous and a synchronous service.
void with_both(const Body& body, const Served& served = {}) {
  ProbeService service;
  with_server(service, body, served);
  SyncProbeService blocking;
  with_server(blocking, body, served);
}

TEST(StatusText, ArrivesAsItWasGiven) {
  with_both([](Channel& channel, Server&) -> Task<void> {
    const std::vector<std::string> texts{"",      "no such user", "no such user ", " x",  "x\t",  "\tx\n", " ",
                                         "  a  ", "100% ",        "안녕 ",         "%20", "a  b", "\x7f"};
    for (const std::string& text : texts) {
      const Status expected{StatusCode::kNotFound, text};
      const Status of_unary = co_await unary(channel, failing(text));
      EXPECT_EQ(of_unary, expected);
      const Status of_stream = co_await download(channel, failing(text), 1);
      EXPECT_EQ(of_stream, expected);
      const Status of_empty_stream = co_await download(channel, failing(text), 0);
      EXPECT_EQ(of_empty_stream, expected);
    }
  });
}

Task<void> watch(Channel& channel, Status& status) {
  Order order;
  order.set_wait_us(1000);
  status = co_await download(channel, order, 20);
}

/// Texts of `letter` in growing lengths; what arrives is a beginning of what was sent.
Task<void> send_long_texts(Channel& channel, std::string letter) {
  for (const std::size_t letters : {100U, 5000U, 17'000U, 60'000U, 200'000U}) {
    std::string text;
    for (std::size_t i = 0; i < letters; ++i) text += letter;
    Status other{StatusCode::kUnknown, "not run"};
    TaskGroup group;
    group.spawn(watch(channel, other));
    for (const int count : {0, 1, 5}) {
      const Status of_stream = co_await download(channel, failing(text), count);
      EXPECT_EQ(of_stream.code(), StatusCode::kNotFound) << letters << ": " << of_stream.details().substr(0, 80);
      EXPECT_TRUE(text.starts_with(of_stream.details())) << letters;
      EXPECT_EQ(of_stream.details().size() % letter.size(), 0U) << letters << ": cut inside of a letter";
      EXPECT_FALSE(of_stream.details().empty()) << letters;
    }
    const Status of_unary = co_await unary(channel, failing(text));
    EXPECT_EQ(of_unary.code(), StatusCode::kNotFound);
    co_await group.join();
    EXPECT_TRUE(other.ok()) << "another call of the connection: " << other.to_string();
  }
}

TEST(StatusText, IsShortenedToWhatTheClientAccepts) {
  for (const std::size_t limit : {std::size_t{1024}, std::size_t{16} * 1024, std::size_t{256} * 1024}) {
    with_both(
        [](Channel& channel, Server&) -> Task<void> {
          for (const char* letter : {"d", "\x07", "é", "안", "😀"}) co_await send_long_texts(channel, letter);
        },
        {.channel_options = {.max_metadata_size = limit}});
  }
}

/// Ends every call with a text, error details and trailing metadata of the sizes in `number`, `size` and `wait_us`.
class Detailed final : public tern::test::v1::Probe::AsyncService {
  Task<Payload> Unary(ServerContext& context, const Order& order) override {
    const auto metadata = static_cast<std::size_t>(order.wait_us());
    if (metadata > 0) context.trailing_metadata().add("x-long", std::string(metadata, 'm'));
    ServerContext::abort(Status{StatusCode::kNotFound, std::string(static_cast<std::size_t>(order.number()), 't'),
                                std::string(static_cast<std::size_t>(order.size()), '\x01')});
    co_return Payload{};
  }
};

struct Sizes {
  std::int64_t text;
  std::int32_t details;
  std::int64_t metadata;
  bool whole_text;
  bool details_kept;
  bool metadata_kept;
};

TEST(StatusDetails, AreKeptWholeOrLeftOut) {
  const std::vector<Sizes> table{{100, 100, 0, true, true, true},           {100, 11'000, 0, true, true, true},
                                 {100, 13'000, 0, true, false, true},       {10'000, 11'000, 0, false, true, true},
                                 {100'000, 11'000, 0, false, true, true},   {100'000, 100'000, 0, false, false, true},
                                 {0, 13'000, 0, true, false, true},         {100, 100, 15'000, true, true, true},
                                 {100, 1000, 15'000, true, false, true},    {100, 100, 17'000, true, true, false},
                                 {20'000, 1000, 15'000, false, false, true}};
  Detailed service;
  with_server(service, [&table](Channel& channel, Server&) -> Task<void> {
    for (const Sizes& sizes : table) {
      Order order;
      order.set_number(sizes.text);
      order.set_size(sizes.details);
      order.set_wait_us(sizes.metadata);
      CallInfo context;
      const Result<Payload> result =
          co_await ProbeStub{channel}.Unary(order, {.timeout = 10s, .info = &context}).result();
      const Status& status = result.status();
      const std::string name =
          std::to_string(sizes.text) + ", " + std::to_string(sizes.details) + ", " + std::to_string(sizes.metadata);
      EXPECT_EQ(status.code(), StatusCode::kNotFound) << name << ": " << status.details().substr(0, 200);
      EXPECT_EQ(status.details().size() == static_cast<std::size_t>(sizes.text), sizes.whole_text) << name;
      EXPECT_EQ(status.error_details().size() == static_cast<std::size_t>(sizes.details), sizes.details_kept) << name;
      EXPECT_TRUE(sizes.details_kept || status.error_details().empty()) << name << ": details in part";
      const bool has_metadata = context.trailing_metadata.get("x-long").has_value();
      EXPECT_EQ(has_metadata, sizes.metadata_kept && sizes.metadata > 0) << name;
    }
  });
}

/// Ends calls with a code of any number.
class OddServer final : public ServerInterceptor {
 public:
  explicit OddServer(int code) : code_(code) {}
  Task<Status> intercept(ServerContext& /*context*/, Next next) override {
    static_cast<void>(co_await next());
    co_return Status{static_cast<StatusCode>(code_), "odd"};
  }

 private:
  int code_;
};
class OddClient final : public ClientInterceptor {
 public:
  explicit OddClient(int code) : code_(code) {}
  Task<Status> intercept(ClientContext& /*context*/, Next next) override {
    static_cast<void>(co_await next());
    co_return Status{static_cast<StatusCode>(code_), "odd"};
  }

 private:
  int code_;
};

const std::vector<int> kOddCodes{-1, 17, 99, 1'000'000, INT32_MIN, INT32_MAX};

TEST(OddCode, OfAHandlerIsUnknown) {
  with_both([](Channel& channel, Server&) -> Task<void> {
    for (const int code : kOddCodes) {
      const Status of_unary = co_await unary(channel, failing("odd", code));
      EXPECT_EQ(of_unary, (Status{StatusCode::kUnknown, "odd"})) << code;
      const Status of_stream = co_await download(channel, failing("odd", code), 1);
      EXPECT_EQ(of_stream, (Status{StatusCode::kUnknown, "odd"})) << code;
    }
  });
}

TEST(OddCode, OfAnInterceptorIsUnknown) {
  const auto body = [](Channel& channel, Server&) -> Task<void> {
    const Status status = co_await unary(channel, Order{});
    EXPECT_EQ(status, (Status{StatusCode::kUnknown, "odd"}));
  };
  for (const int code : kOddCodes) {
    OddServer server{code};
    OddClient client{code};
    with_both(body, {.server_interceptors = {&server}});
    with_both(body, {.client_interceptors = {&client}});
  }
}

TEST(MetadataValues, TravelWithoutBlanksAtTheirEnds) {
  const auto body = [](Channel& channel, Server&) -> Task<void> {
    for (const char* value : {"hi", "hi ", " hi", "  hi  ", "h  i", " ", ""}) {
      std::string expected{value};
      while (expected.starts_with(' ')) expected.erase(0, 1);
      while (expected.ends_with(' ')) expected.pop_back();
      const Metadata metadata{{"echo-initial", value}, {"echo-trailing", value}, {"echo-trailing-bin", value}};
      CallInfo context;
      const CallOptions options{.timeout = 10s, .metadata = &metadata, .info = &context};
      const Result<Payload> result = co_await ProbeStub{channel}.Unary(Order{}, options).result();
      EXPECT_TRUE(result.ok()) << '"' << value << "\": " << result.status().to_string();
      EXPECT_EQ(context.initial_metadata.get("echo-initial"), expected);
      EXPECT_EQ(context.trailing_metadata.get("echo-trailing"), expected);
      EXPECT_EQ(context.trailing_metadata.get("echo-trailing-bin"), value) << "bytes are left alone";
    }
  };
  with_both(body);
}

}  // namespace
}  // namespace tern::test
