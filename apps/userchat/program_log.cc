#include "program_log.h"

#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "tern/telemetry/spdlog_sink.h"

namespace userchat {

namespace {

/// A logger's own list of sinks must not change while threads log; this one's may.
std::shared_ptr<spdlog::sinks::dist_sink_mt>& sinks() {
  static std::shared_ptr<spdlog::sinks::dist_sink_mt> all;
  return all;
}

}  // namespace

void open_program_log(const std::string& level) {
  std::vector<spdlog::sink_ptr> first{std::make_shared<spdlog::sinks::stdout_sink_mt>()};
  sinks() = std::make_shared<spdlog::sinks::dist_sink_mt>(std::move(first));
  auto logger = std::make_shared<spdlog::logger>("userchat", sinks());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  const bool debugs = logger->should_log(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  tern::set_log_sink(tern::telemetry::spdlog_sink());
  tern::set_log_level(debugs ? tern::LogLevel::kDebug : tern::LogLevel::kInfo);
}

void add_to_program_log(std::shared_ptr<spdlog::sinks::sink> sink) {
  if (sinks() != nullptr) sinks()->add_sink(std::move(sink));
}

void remove_from_program_log(const std::shared_ptr<spdlog::sinks::sink>& sink) {
  if (sinks() != nullptr) sinks()->remove_sink(sink);
}

}  // namespace userchat
