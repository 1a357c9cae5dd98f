#include "text/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tern/log.h"

namespace tern {
namespace {

/// Puts sink and level back.
class Log : public ::testing::Test {
 protected:
  ~Log() override {
    set_log_sink({});
    set_log_level(LogLevel::kInfo);
  }
};

struct Line {
  std::chrono::system_clock::time_point time;
  LogLevel level;
  std::string component;
  std::string text;
};

TEST_F(Log, GivesRecordsToTheSink) {
  std::vector<Line> lines;
  set_log_sink([&lines](const LogRecord& record) {
    lines.push_back({record.time, record.level, std::string{record.component}, std::string{record.text}});
  });
  const auto before = std::chrono::system_clock::now();
  log_warning("client", "{} sent {}", "a peer", 7);
  log_error("server", "stopped");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].level, LogLevel::kWarning);
  EXPECT_EQ(lines[0].component, "client");
  EXPECT_EQ(lines[0].text, "a peer sent 7");
  EXPECT_GE(lines[0].time, before);
  EXPECT_LE(lines[0].time, std::chrono::system_clock::now());
  EXPECT_EQ(lines[1].level, LogLevel::kError);
  EXPECT_EQ(lines[1].text, "stopped");
}

TEST_F(Log, MakesNoRecordsBelowTheLevel) {
  std::vector<std::string> texts;
  set_log_sink([&texts](const LogRecord& record) { texts.emplace_back(record.text); });
  log_debug("async", "debug");
  log_info("async", "info");
  set_log_level(LogLevel::kDebug);
  log_debug("async", "debug again");
  set_log_level(LogLevel::kError);
  log_warning("async", "warning");
  log_error("async", "error");
  set_log_level(LogLevel::kOff);
  log_error("async", "off");
  EXPECT_EQ(texts, (std::vector<std::string>{"info", "debug again", "error"}));
  EXPECT_EQ(log_level(), LogLevel::kOff);
}

TEST_F(Log, WritesToStderrWithoutASink) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  log_info("server", "to whom it may concern");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(written.ends_with("Z info server: to whom it may concern\n")) << written;
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(Log, WritesTheTimeInUtc) {
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds{1'796'000'000'045}};
  EXPECT_EQ(log_line({.time = time, .level = LogLevel::kWarning, .component = "rest", .text = "late"}),
            "2026-11-30T00:53:20.045Z warning rest: late");
}

TEST_F(Log, WritesToStderrWhatTheSinkThrewOver) {
  set_log_sink([](const LogRecord& /*record*/) { throw std::runtime_error("the disk is full"); });
  testing::internal::CaptureStderr();
  log_error("server", "kept");
  log_error("server", "kept too");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("error server: kept\n"), std::string::npos) << written;
  EXPECT_NE(written.find("error server: kept too\n"), std::string::npos) << written;
}

TEST_F(Log, WritesToStderrWhatIsLoggedInsideOfTheSink) {
  int calls = 0;
  set_log_sink([&calls](const LogRecord& /*record*/) {
    ++calls;
    log_warning("telemetry", "inner");
  });
  testing::internal::CaptureStderr();
  log_error("server", "outer");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("warning telemetry: inner\n"), std::string::npos);
  EXPECT_EQ(calls, 1);
}

TEST_F(Log, GivesTheSinkBeforeBack) {
  int first = 0;
  EXPECT_FALSE(set_log_sink([&first](const LogRecord& /*record*/) { ++first; }));
  LogSink before = set_log_sink([](const LogRecord& /*record*/) {});
  log_error("server", "to the second");
  set_log_sink(std::move(before));
  log_error("server", "to the first");
  EXPECT_EQ(first, 1);
}

TEST_F(Log, TakesRecordsOfSeveralThreadsWhileTheSinkIsReplaced) {
  constexpr int kEach = 2'000;
  std::mutex mutex;
  int records = 0;
  const LogSink count = [&mutex, &records](const LogRecord& record) {
    const std::lock_guard lock{mutex};
    if (record.text.starts_with("record ")) ++records;
  };
  set_log_sink(count);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([] {
        for (int i = 0; i < kEach; ++i) log_info("async", "record {}", i);
      });
    }
    for (int i = 0; i < 100; ++i) set_log_sink(count);
  }
  EXPECT_EQ(records, 2 * kEach);
}

}  // namespace
}  // namespace tern
