// The cases of W3C's validation service for trace context (github.com/w3c/trace-context, test/), levels 1 and 2, as a
// table: what a service is sent, and what it may send on. The suite itself is in no package registry;
// tests/outside/trace_context.py runs it where there is a copy.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rest/http_client.h"
#include "telemetry/forwarder.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {
namespace {

using namespace std::chrono_literals;
using test::Forwarder;
using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string kTheirTrace = "12345678901234567890123456789012";
const std::string kTheirSpan = "1234567890123456";
const std::string kTheirs = "00-" + kTheirTrace + "-" + kTheirSpan;

struct Callback {
  Fields fields;

  [[nodiscard]] std::vector<std::string> all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : fields) {
      if (key == name) values.push_back(value);
    }
    return values;
  }
  /// Its only traceparent, in its parts; empty ones when it has none or two.
  [[nodiscard]] std::string trace_id() const { return part(3, 32); }
  [[nodiscard]] std::string span_id() const { return part(36, 16); }
  [[nodiscard]] std::string flags() const { return part(53, 2); }
  /// The list's members, without the space around them.
  [[nodiscard]] std::string state() const {
    std::string text;
    for (const std::string& value : all("tracestate")) text += (text.empty() ? "" : ",") + value;
    std::string members;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      std::string member = text.substr(begin, end - begin);
      member.erase(0, member.find_first_not_of(" \t"));
      member.erase(member.find_last_not_of(" \t") + 1);
      if (!member.empty()) members += (members.empty() ? "" : ",") + member;
      begin = end + 1;
    }
    return members;
  }

 private:
  [[nodiscard]] std::string part(std::size_t at, std::size_t size) const {
    const std::vector<std::string> parents = all("traceparent");
    if (parents.size() != 1 || !TraceContext::parse(parents[0]) || parents[0].size() != 55) return {};
    return parents[0].substr(at, size);
  }
};

/// Sends these fields to the service, which then calls `count` others. Returns the requests that those received.
std::vector<Callback> callbacks_after(const Fields& fields, int count) {
  std::vector<Callback> callbacks;
  const auto run = [](const Fields& its_fields, int its_count, std::vector<Callback>& seen) -> Task<void> {
    Tracer tracer;
    Forwarder forwarder{tracer};
    rest::Site others;
    others.route("POST", "/", [&seen](rest::Request& request) -> Task<rest::Response> {
      seen.emplace_back();
      for (const auto& [name, value] : request.fields) seen.back().fields.emplace_back(name, value);
      co_return rest::Response::json("null");
    });
    Server server;
    const std::string url = "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1:0", {.http = &others})) + "/";
    rest::test::Http1Client client{server.listen("127.0.0.1:0", {.http = &forwarder.site()})};
    std::string calls;
    for (int i = 0; i < its_count; ++i) calls += (i == 0 ? "" : ",") + (R"({"url":")" + url + R"(","arguments":[]})");
    std::string lines;
    for (const auto& [name, value] : its_fields) lines.append(name).append(": ").append(value).append("\r\n");
    const rest::test::Answer answer = co_await client.ask("POST", "/", "[" + calls + "]", lines);
    EXPECT_EQ(answer.result_int(), 200);
    co_await server.stop({.grace = 1h});
  };
  block_on(run(fields, count, callbacks));
  EXPECT_EQ(callbacks.size(), count);
  callbacks.resize(static_cast<std::size_t>(count));
  return callbacks;
}

Fields parent(std::string value) { return {{"traceparent", std::move(value)}}; }

struct ParentCase {
  std::string_view name;
  Fields fields;
  bool same_trace;
};

const std::vector<ParentCase>& parent_cases() {
  static const std::string kMiddle = kTheirTrace + "-" + kTheirSpan;
  static const std::string kZeros(32, '0');
  static const std::vector<ParentCase> kCases{
      {"none", {}, false},
      {"one", parent(kTheirs + "-01"), true},
      {"two", {{"traceparent", kTheirs + "-01"}, {"traceparent", kTheirs + "-01"}}, false},
      {"other name", {{"trace-parent", kTheirs + "-01"}}, false},
      {"other name, with a dot", {{"trace.parent", kTheirs + "-01"}}, false},
      {"name in mixed case", {{"TrAcEpArEnT", kTheirs + "-01"}}, true},
      {"name in capitals", {{"TRACEPARENT", kTheirs + "-01"}}, true},
      {"version 00, a dot more", parent(kTheirs + "-01."), false},
      {"version 00, a field more", parent(kTheirs + "-01-what-the-future-will-be-like"), false},
      {"version cc", parent("cc-" + kMiddle + "-01"), true},
      {"version cc, a field more", parent("cc-" + kMiddle + "-01-what-the-future-will-be-like"), true},
      {"version cc, more without a dash", parent("cc-" + kMiddle + "-01.what-the-future-will-be-like"), false},
      {"version ff", parent("ff-" + kMiddle + "-01"), false},
      {"version with a dot", parent(".0-" + kMiddle + "-01"), false},
      {"version ends with a dot", parent("0.-" + kMiddle + "-01"), false},
      {"version of 3", parent("000-" + kMiddle + "-01"), false},
      {"version of 4", parent("0000-" + kMiddle + "-01"), false},
      {"version of 1", parent("0-" + kMiddle + "-01"), false},
      {"trace id of zeros", parent("00-" + kZeros + "-" + kTheirSpan + "-01"), false},
      {"trace id with a dot", parent("00-." + kTheirTrace.substr(1) + "-" + kTheirSpan + "-01"), false},
      {"trace id ends with a dot", parent("00-" + kTheirTrace.substr(1) + ".-" + kTheirSpan + "-01"), false},
      {"trace id of 33", parent("00-" + kTheirTrace + "3-" + kTheirSpan + "-01"), false},
      {"trace id of 31", parent("00-" + kTheirTrace.substr(1) + "-" + kTheirSpan + "-01"), false},
      {"trace id in capitals", parent("00-" + std::string(32, 'A') + "-" + kTheirSpan + "-01"), false},
      {"span id of zeros", parent("00-" + kTheirTrace + "-0000000000000000-01"), false},
      {"span id with a dot", parent("00-" + kTheirTrace + "-." + kTheirSpan.substr(1) + "-01"), false},
      {"span id ends with a dot", parent("00-" + kTheirTrace + "-" + kTheirSpan.substr(1) + ".-01"), false},
      {"span id of 17", parent("00-" + kTheirTrace + "-" + kTheirSpan + "7-01"), false},
      {"span id of 15", parent("00-" + kTheirTrace + "-" + kTheirSpan.substr(1) + "-01"), false},
      {"flags with a dot", parent(kTheirs + "-.0"), false},
      {"flags end with a dot", parent(kTheirs + "-0."), false},
      {"flags of 3", parent(kTheirs + "-001"), false},
      {"flags of 1", parent(kTheirs + "-1"), false},
      {"space before", parent(" " + kTheirs + "-01"), true},
      {"tab before", parent("\t" + kTheirs + "-01"), true},
      {"space behind", parent(kTheirs + "-01 "), true},
      {"tab behind", parent(kTheirs + "-01\t"), true},
      {"space and tabs", parent("\t " + kTheirs + "-01 \t"), true},
  };
  return kCases;
}

TEST(TraceContextCases, TraceparentIsInheritedOnlyWhenWellFormed) {
  for (const ParentCase& one : parent_cases()) {
    SCOPED_TRACE(one.name);
    const Callback callback = callbacks_after(one.fields, 1)[0];
    ASSERT_EQ(callback.all("traceparent").size(), 1);
    ASSERT_EQ(callback.trace_id().size(), 32) << callback.all("traceparent")[0];
    EXPECT_EQ(callback.trace_id() == kTheirTrace, one.same_trace) << callback.trace_id();
    EXPECT_NE(callback.span_id(), kTheirSpan);
  }
}

struct StateCase {
  std::string_view name;
  std::vector<std::string> values;  // of as many fields
  std::string state;                // that is sent on
};

std::string numbered(int first, int last) {
  std::string members;
  for (int i = first; i <= last; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    members.append(members.empty() ? "" : ",").append("bar").append(number).append("=").append(number);
  }
  return members;
}

/// All characters that a value may have.
std::string every_value_character() {
  std::string characters;
  for (char c = ' '; c <= '~'; ++c) {
    if (c != ',' && c != '=') characters += c;
  }
  return characters;
}

const std::vector<StateCase>& state_cases() {
  static const std::string kKey = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  static const std::string kEvery = every_value_character();
  static const std::string kLongKey(256, 'z');
  static const std::vector<StateCase> kCases{
      {"one field", {"foo=1,bar=2"}, "foo=1,bar=2"},
      {"an empty field", {""}, ""},
      {"an empty field behind", {"foo=1", ""}, "foo=1"},
      {"an empty field before", {"", "foo=1"}, "foo=1"},
      {"an empty member", {"foo=1,,bar=2"}, "foo=1,bar=2"},
      {"several fields", {"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}, "foo=1,bar=2,rojo=1,congo=2,baz=3"},
      {"a key twice", {"foo=1,foo=2"}, "foo=1,foo=2"},
      {"a key twice, in two fields", {"foo=1", "foo=2"}, "foo=1,foo=2"},
      {"all characters", {kKey + "=" + kEvery}, kKey + "=" + kEvery},
      {"all characters, with an @", {kKey + "@a-z0-9_-*/=" + kEvery}, kKey + "@a-z0-9_-*/=" + kEvery},
      {"space around members", {"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
      {"tabs around members", {"foo=1\t \t,\t \tbar=2,\t \tbaz=3"}, "foo=1,bar=2,baz=3"},
      {"space before", {" foo=1"}, "foo=1"},
      {"tab before", {"\tfoo=1"}, "foo=1"},
      {"space behind", {"foo=1 "}, "foo=1"},
      {"tab behind", {"foo=1\t"}, "foo=1"},
      {"space and tabs", {"\t foo=1 \t"}, "foo=1"},
      {"space in a key", {"foo =1"}, ""},
      {"capitals in a key", {"FOO=1"}, ""},
      {"a dot in a key", {"foo.bar=1"}, ""},
      {"@ at a key's end", {"foo@=1,bar=2"}, "foo@=1,bar=2"},
      {"@ at a key's begin", {"@foo=1,bar=2"}, ""},
      {"@ twice", {"foo@@bar=1,bar=2"}, "foo@@bar=1,bar=2"},
      {"@ in three parts", {"foo@bar@baz=1,bar=2"}, "foo@bar@baz=1,bar=2"},
      {"a key that begins with a digit", {"1foo=1"}, "1foo=1"},
      {"32 members", {numbered(1, 10), numbered(11, 20), numbered(21, 32)}, numbered(1, 32)},
      {"33 members", {numbered(1, 10), numbered(11, 20), numbered(21, 33)}, ""},
      {"a key of 256", {"foo=1", kLongKey + "=1"}, "foo=1," + kLongKey + "=1"},
      {"a key of 257", {"foo=1", "z" + kLongKey + "=1"}, ""},
      {"a long tenant",
       {std::string(241, 't') + "@" + std::string(14, 'v') + "=1"},
       std::string(241, 't') + "@" + std::string(14, 'v') + "=1"},
      {"a longer tenant", {std::string(242, 't') + "@v=1"}, std::string(242, 't') + "@v=1"},
      {"a long vendor", {"t@" + std::string(15, 'v') + "=1"}, "t@" + std::string(15, 'v') + "=1"},
      {"= in a value", {"foo=bar=baz"}, ""},
      {"an empty value", {"foo=,bar=3"}, ""},
      {"no value", {"foo,bar=3"}, ""},
      {"a value of 256", {"foo=" + std::string(256, 'x')}, "foo=" + std::string(256, 'x')},
      {"a value of 257", {"foo=" + std::string(257, 'x')}, ""},
      {"bytes that are not ASCII", {"foo=\xc3\xa9"}, ""},
      {"bytes that are not UTF-8", {"foo=\xff"}, ""},
      {"more than 512", {std::string(200, 'a') + "=" + std::string(200, 'x'), std::string(112, 'b') + "=1"}, ""},
  };
  return kCases;
}

TEST(TraceContextCases, TracestateIsInheritedOnlyWhenWellFormed) {
  for (const StateCase& one : state_cases()) {
    SCOPED_TRACE(one.name);
    Fields fields = parent(kTheirs + "-00");
    for (const std::string& value : one.values) fields.emplace_back("TraceState", value);
    const Callback callback = callbacks_after(fields, 1)[0];
    EXPECT_EQ(callback.trace_id(), kTheirTrace) << "a bad tracestate does not end the trace";
    EXPECT_EQ(callback.state(), one.state);
  }
}

TEST(TraceContextCases, TracestateIsDroppedWithoutATraceparentOfItsName) {
  const std::vector<Fields> without{{{"tracestate", "foo=1"}}, {{"tracestate", "foo=1,bar=2"}}};
  for (const Fields& fields : without) EXPECT_EQ(callbacks_after(fields, 1)[0].state(), "");
  for (const std::string name : {"trace-state", "trace.state"}) {
    Fields fields = parent(kTheirs + "-00");
    fields.emplace_back(name, "foo=1");
    EXPECT_EQ(callbacks_after(fields, 1)[0].state(), "") << name;
  }
}

TEST(TraceContextCases, EachRequestHasASpanOfItsOwn) {
  const std::string zeros(32, '0');
  const std::vector<Fields> cases{parent(kTheirs + "-01"), {}, parent("00-" + zeros + "-" + kTheirSpan + "-01")};
  for (const Fields& fields : cases) {
    std::set<std::string> traces;
    std::set<std::string> spans;
    for (const Callback& callback : callbacks_after(fields, 3)) {
      traces.insert(callback.trace_id());
      spans.insert(callback.span_id());
    }
    EXPECT_EQ(traces.size(), 1) << "one request, one trace";
    EXPECT_EQ(spans.size(), 3);
    EXPECT_FALSE(traces.contains(zeros));
  }
}

// Level 2, "Random Trace ID Flag". The other flags of later levels are not passed on.
TEST(TraceContextCases, FlagsAreSampledAndRandom) {
  for (const auto& [sent, passed] : std::vector<std::pair<std::string, std::string>>{
           {"00", "00"}, {"01", "01"}, {"02", "02"}, {"03", "03"}, {"ff", "03"}, {"fc", "00"}}) {
    const Callback callback = callbacks_after(parent(kTheirs + "-" + sent), 1)[0];
    EXPECT_EQ(callback.trace_id(), kTheirTrace);
    EXPECT_EQ(callback.flags(), passed) << sent;
  }
  EXPECT_EQ(callbacks_after({}, 1)[0].flags(), "02") << "a new trace's id is random";
}

}  // namespace
}  // namespace tern::telemetry
