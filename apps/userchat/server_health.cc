#include "server_health.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <utility>

namespace userchat {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kBetweenQuestions{1};
/// A database that takes longer does not answer.
constexpr std::chrono::seconds kLongestAnswer{3};

tern::Task<tern::rest::Response> answer(unsigned status, std::string json) {
  co_return tern::rest::Response{status, "application/json", std::move(json)};
}

}  // namespace

ServerHealth::ServerHealth(tern::HealthService& service, Ask ask) : service_(service), ask_(std::move(ask)) {
  service_.set("liveness", tern::HealthService::State::kServing);
}

tern::Task<void> ServerHealth::watch() {
  for (;;) {
    std::string problem;
    try {
      tern::Task<void> asking = ask_();
      co_await tern::with_timeout(kLongestAnswer, std::move(asking));
    } catch (const std::exception& error) {
      problem = error.what();
    }
    set(problem.empty(), problem);
    co_await tern::sleep(kBetweenQuestions);
  }
}

void ServerHealth::set(bool answers, const std::string& problem) {
  State before = state_.load();
  if (before == State::kStopping || answers == (before == State::kServing)) return;
  state_.store(answers ? State::kServing : State::kNoDatabase);
  const auto told = answers ? tern::HealthService::State::kServing : tern::HealthService::State::kNotServing;
  service_.set("", told);
  service_.set("user.v1.UserService", told);
  if (answers) {
    spdlog::warn("the database answers again: the server is SERVING");
  } else {
    spdlog::warn("the database does not answer, the server is NOT_SERVING: {}", problem);
  }
}

void ServerHealth::shut_down() {
  state_.store(State::kStopping);
  service_.shut_down();
}

tern::rest::Handler ServerHealth::handler() const {
  return [this](tern::rest::Request& /*request*/) {
    switch (state_.load()) {
      case State::kNoDatabase:
        return answer(503, R"({"status":"unavailable","reason":"the database does not answer"})");
      case State::kStopping:
        return answer(503, R"({"status":"unavailable","reason":"the server is stopping"})");
      case State::kServing:
        break;
    }
    return answer(200, R"({"status":"ok"})");
  };
}

}  // namespace userchat
