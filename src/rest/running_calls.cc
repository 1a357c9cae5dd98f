#include "rest/running_calls.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "tern/async/executor.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

boost::json::object json_of(const RunningCall& call) {
  boost::json::object json;
  json["method"] = text::log_text(call.method);  // the path of a request: its client chose it
  json["peer"] = call.peer;
  if (call.started) json["age_seconds"] = std::max(0.0, seconds(WallClock::now() - *call.started));
  if (call.deadline) json["deadline_in_seconds"] = seconds(*call.deadline - Clock::now());
  if (call.cancelled) json["cancelled"] = true;
  json["awaits"] = call.awaits;
  boost::json::array coroutines;
  for (const std::string& coroutine : call.stack.coroutines()) coroutines.emplace_back(coroutine);
  if (!coroutines.empty()) json["coroutines"] = std::move(coroutines);
  return json;
}

boost::json::array json_of(std::vector<RunningCall> calls) {
  // The oldest is what people look for. Those without a time come last.
  std::ranges::sort(calls, {}, [](const RunningCall& call) {
    return std::pair{call.started.value_or(WallClock::time_point::max()), std::string_view{call.method}};
  });
  boost::json::array json;
  for (const RunningCall& call : calls) json.push_back(json_of(call));
  return json;
}

}  // namespace

Task<Response> running_calls_page(const RunningCallSources& sources) {
  ServerInfo server = co_await sources.server();
  std::vector<RunningCall> made;
  for (const auto& inspect : sources.channels) {
    ChannelInfo channel = co_await inspect();
    std::move(channel.running.begin(), channel.running.end(), std::back_inserter(made));
  }
  // Functions are looked up in the program's debug information, which takes its time.
  std::string body = co_await run_in_executor([&server, &made] {
    boost::json::object page;
    page["answered"] = json_of(std::move(server.running));
    page["made"] = json_of(std::move(made));
    return boost::json::serialize(page) + "\n";
  });
  Response response = Response::json(std::move(body));
  response.fields.set("cache-control", "no-store");
  co_return response;
}

}  // namespace tern::rest
