// Each call and each request leaves one line of JSON, whatever a client sends.
#include "tern/telemetry/access_log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "rest/http_client.h"
#include "support/serve.h"
#include "telemetry/json_text.h"
#include "tern/client/generic_stub.h"
#include "tern/telemetry/tracer.h"

namespace tern::telemetry {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::Order;
using test::ProbeService;
using test::ProbeStub;

std::vector<json::object> lines_of(const std::string& text) {
  std::vector<json::object> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line).as_object());
  return lines;
}

/// The lines that a site's and a server's log has after `body(http, channel)`.
template <class Body>
std::vector<json::object> log_of(Body body) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("tern-access-" + std::to_string(::getpid()) + ".log");
  std::filesystem::remove(path);
  const auto run = [](Body its_body, std::string file) -> Task<void> {
    AccessLog log{file};
    Tracer tracer;
    ProbeService service;
    rest::Site site;
    Server server;
    server.add_service(service);
    server.add_observer(tracer);
    server.add_observer(log);
    site.add_observer(log);
    site.route("GET", "/hello/{name}",
               [](rest::Request&) -> Task<rest::Response> { co_return rest::Response{200, "text/plain", "hello"}; });
    const std::uint16_t port = server.listen("127.0.0.1:0", {.http = &site});
    rest::test::Http1Client http{port};
    Channel channel{"127.0.0.1:" + std::to_string(port)};
    co_await its_body(http, channel);
    co_await channel.close();
    co_await server.stop({.grace = std::chrono::hours{1}});
  };
  block_on(run(body, path.string()));
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::filesystem::remove(path);
  return lines_of(text);
}

TEST(AccessLog, HasALineForEachCall) {
  const auto lines = log_of([](rest::test::Http1Client& /*http*/, Channel& channel) -> Task<void> {
    Order order;
    order.set_size(100);
    Metadata metadata;
    metadata.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    co_await ProbeStub{channel}.Unary(order, {.metadata = &metadata});
    order.set_status(3);
    order.set_details("no \"good\"\n");
    const auto failed = co_await ProbeStub{channel}.Unary(order).result();
    EXPECT_FALSE(failed.ok());
    const auto unknown = co_await GenericStub{channel}.unary("/a\"b/\\c", RawMessage{}).result();
    EXPECT_FALSE(unknown.ok());
  });
  ASSERT_EQ(lines.size(), 3);
  const json::object& good = lines[0];
  EXPECT_EQ(good.at("protocol"), "grpc");
  EXPECT_EQ(good.at("method"), "/tern.test.v1.Probe/Unary");
  EXPECT_EQ(good.at("status"), "OK");
  EXPECT_TRUE(good.at("peer").as_string().starts_with("ipv4:127.0.0.1:"));
  EXPECT_EQ(good.at("received_messages"), 1);
  EXPECT_EQ(good.at("received_bytes"), 2);
  EXPECT_EQ(good.at("sent_messages"), 1);
  EXPECT_EQ(good.at("sent_bytes"), 102);
  EXPECT_GE(good.at("took_us").as_int64(), 0);
  EXPECT_EQ(good.at("trace_id"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(good.at("span_id").as_string().size(), 16);
  EXPECT_EQ(good.at("time").as_string().size(), std::string{"2026-11-25T21:49:04.123456Z"}.size());
  EXPECT_EQ(lines[1].at("status"), "INVALID_ARGUMENT");
  EXPECT_EQ(lines[1].at("message"), "no \"good\"\n");
  EXPECT_EQ(lines[1].at("sent_messages"), 0);
  EXPECT_EQ(lines[2].at("method"), "/a\"b/\\c");
  EXPECT_EQ(lines[2].at("status"), "UNIMPLEMENTED");
}

TEST(AccessLog, HasALineForEachRequest) {
  const auto lines = log_of([](rest::test::Http1Client& http, Channel& /*channel*/) -> Task<void> {
    co_await http.ask("GET", "/hello/you?secret=1");
    co_await http.ask("GET", "/no\"where");
  });
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].at("protocol"), "http");
  EXPECT_EQ(lines[0].at("method"), "GET");
  EXPECT_EQ(lines[0].at("path"), "/hello/you");
  EXPECT_EQ(lines[0].at("route"), "/hello/{name}");
  EXPECT_EQ(lines[0].at("status"), 200);
  EXPECT_EQ(lines[0].at("sent_bytes"), 5);
  EXPECT_EQ(lines[1].at("path"), "/no\"where");
  EXPECT_EQ(lines[1].at("status"), 404);
  EXPECT_FALSE(lines[1].contains("route"));
}

TEST(AccessLog, GoesWhereTheProgramWants) {
  std::ostringstream out;
  const auto logger = std::make_shared<spdlog::logger>("own", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%v");
  const auto run = [](std::shared_ptr<spdlog::logger> its_logger) -> Task<void> {
    AccessLog log{std::move(its_logger)};
    ProbeService service;
    Server server;
    server.add_service(service);
    server.add_observer(log);
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    for (int i = 0; i < 10; ++i) co_await ProbeStub{channel}.Unary(Order{});
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run(logger));
  EXPECT_EQ(lines_of(out.str()).size(), 10);
}

TEST(AccessLog, SaysWhichFileItCannotOpen) {
  const auto run = []() -> Task<void> {
    try {
      const AccessLog log{"/proc/nowhere/access.log"};
      ADD_FAILURE() << "opened";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string{error.what()}.find("/proc/nowhere/access.log"), std::string::npos) << error.what();
    }
    co_return;
  };
  block_on(run());
}

TEST(AccessLog, SaysWhoAsked) {
  const auto lines = log_of([](rest::test::Http1Client& http, Channel& channel) -> Task<void> {
    Metadata metadata;
    metadata.add("user-agent", "tests/1");
    metadata.add("x-request-id", "7");
    metadata.add("x-forwarded-for", "10.0.0.1, 10.0.0.2");
    co_await ProbeStub{channel}.Unary(Order{}, {.metadata = &metadata});
    co_await http.ask("GET", "/hello/you", {},
                      "User-Agent: tests/2\r\nX-Request-Id: 8\r\nX-Forwarded-For: 10.0.0.3\r\n");
    co_await http.ask("GET", "/hello/you");
  });
  ASSERT_EQ(lines.size(), 3);
  EXPECT_EQ(lines[0].at("user_agent"), "tests/1");
  EXPECT_EQ(lines[0].at("request_id"), "7");
  EXPECT_EQ(lines[0].at("forwarded_for"), "10.0.0.1, 10.0.0.2");
  EXPECT_EQ(lines[1].at("user_agent"), "tests/2");
  EXPECT_EQ(lines[1].at("request_id"), "8");
  EXPECT_EQ(lines[1].at("forwarded_for"), "10.0.0.3");
  EXPECT_FALSE(lines[2].contains("user_agent"));
  EXPECT_FALSE(lines[2].contains("request_id"));
}

TEST(AccessLog, ShowsBytesThatAreNotUtf8) {
  const auto lines = log_of([](rest::test::Http1Client& http, Channel& channel) -> Task<void> {
    const auto unknown = co_await GenericStub{channel}.unary("/a.B/\xff\xfe", RawMessage{}).result();
    EXPECT_FALSE(unknown.ok());
    co_await http.ask("GET", "/\xc3\xa9", {}, "User-Agent: \xff\r\n");
  });
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].at("method"), "/a.B/\\xff\\xfe");
  EXPECT_EQ(lines[1].at("path"), "/\xc3\xa9");
  EXPECT_EQ(lines[1].at("user_agent"), "\\xff");
}

TEST(AccessLog, CutsLongTexts) {
  const auto lines = log_of([](rest::test::Http1Client& http, Channel& /*channel*/) -> Task<void> {
    co_await http.ask("GET", "/" + std::string(10'000, 'x'), {}, "X-Request-Id: " + std::string(5'000, 'y') + "\r\n");
  });
  ASSERT_EQ(lines.size(), 1);
  EXPECT_LT(lines[0].at("path").as_string().size(), 2'100);
  EXPECT_LT(lines[0].at("request_id").as_string().size(), 600);
  EXPECT_TRUE(lines[0].at("path").as_string().ends_with("\xe2\x80\xa6"));
}

TEST(AccessLog, HasALineForWhatWasRejected) {
  const auto lines = log_of([](rest::test::Http1Client& http, Channel& /*channel*/) -> Task<void> {
    co_await http.send("NO SENSE\r\n\r\n");
    co_await http.read_to_end();
    http.close();
  });
  ASSERT_EQ(lines.size(), 1);
  EXPECT_EQ(lines[0].at("protocol"), "refused");
  EXPECT_EQ(lines[0].at("reason"), "protocol");
  EXPECT_TRUE(lines[0].at("peer").as_string().starts_with("ipv4:127.0.0.1:"));
  EXPECT_NE(lines[0].at("message"), "");
}

TEST(AccessLog, LeavesOutAFloodOfRejections) {
  std::ostringstream out;
  const auto logger = std::make_shared<spdlog::logger>("own", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%v");
  const auto run = [](std::shared_ptr<spdlog::logger> its_logger) -> Task<void> {
    AccessLog log{std::move(its_logger)};
    for (int i = 0; i < 10'000; ++i) {
      log.on_refused({.why = Refusal::kFlood, .peer = "ipv4:127.0.0.1:1", .text = "too many"});
    }
    co_return;
  };
  block_on(run(logger));
  // The test may run while one second ends and another begins.
  EXPECT_GE(lines_of(out.str()).size(), 100);
  EXPECT_LE(lines_of(out.str()).size(), 1'000);
}

// logrotate renames the file and sends SIGHUP; lines before it are in the old file, later ones in the new.
TEST(AccessLog, IsReopenedOnHangup) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("tern-hangup-" + std::to_string(::getpid()) + ".log");
  const std::filesystem::path old = path.string() + ".1";
  const auto run = [](std::string file, std::string renamed) -> Task<void> {
    AccessLog log{file};
    ProbeService service;
    Server server;
    server.add_service(service);
    server.add_observer(log);
    TaskGroup hangups;
    hangups.spawn(log.reopen_on_hangup());
    Channel channel{"127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0"))};
    co_await ProbeStub{channel}.Unary(Order{});
    while (!std::filesystem::exists(file) || std::filesystem::file_size(file) == 0) co_await sleep(1ms);
    std::filesystem::rename(file, renamed);
    static_cast<void>(::kill(::getpid(), SIGHUP));
    while (!std::filesystem::exists(file)) co_await sleep(1ms);
    co_await ProbeStub{channel}.Unary(Order{});
    co_await channel.close();
    co_await server.stop();
  };
  block_on(run(path.string(), old.string()));
  for (const std::filesystem::path& file : {old, path}) {
    std::ifstream in{file};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_EQ(lines_of(text).size(), 1) << file;
    std::filesystem::remove(file);
  }
}

TEST(JsonText, IsOneValidStringForAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (std::size_t begin = 0; begin < all.size(); ++begin) {
    const json::value parsed = json::parse(json_text(all.substr(begin), 2048));
    EXPECT_TRUE(parsed.is_string());
  }
  EXPECT_EQ(json_text("a\"b\\\n\x01\xff\x7f", 100), R"("a\"b\\\n\u0001\\xff\u007f")");
  EXPECT_EQ(json_text("abcdef", 3), "\"abc\xe2\x80\xa6\"");
}

}  // namespace
}  // namespace tern::telemetry
