// W3C Trace Context, the field traceparent: what is one, and what it becomes on the next hop.
#include "tern/rpc/trace_context.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tern {
namespace {

constexpr std::string_view kTraceId = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kSpanId = "b7ad6b7169203331";

std::string parent(std::string_view flags = "01") {
  return "00-" + std::string{kTraceId} + "-" + std::string{kSpanId} + "-" + std::string{flags};
}

TEST(TraceContext, IsReadAndWritten) {
  const auto context = TraceContext::parse(parent(), "vendor=x,other=y");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(hex_of(context->trace_id()), kTraceId);
  EXPECT_EQ(hex_of(context->span_id()), kSpanId);
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->tracestate(), "vendor=x,other=y");
  EXPECT_EQ(context->traceparent(), parent());
  EXPECT_FALSE(TraceContext::parse(parent("00"))->sampled());
  EXPECT_EQ(TraceContext::parse(parent("02"))->traceparent(), parent("02"));
  // What later versions of the standard mean by other flags is not known here, and not passed on.
  EXPECT_EQ(TraceContext::parse(parent("ff"))->traceparent(), parent("03"));
}

TEST(TraceContext, AChildIsInTheSameTrace) {
  const auto context = TraceContext::parse(parent(), "vendor=x");
  const TraceContext child = context->child();
  EXPECT_EQ(child.trace_id(), context->trace_id());
  EXPECT_EQ(child.parent_span_id(), context->span_id());
  EXPECT_NE(child.span_id(), context->span_id());
  EXPECT_TRUE(child.sampled());
  EXPECT_EQ(child.tracestate(), "vendor=x");
}

TEST(TraceContext, NewOnesDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const TraceContext root = TraceContext::root(i % 2 == 0);
    EXPECT_EQ(root.sampled(), i % 2 == 0);
    EXPECT_EQ(root.parent_span_id(), TraceContext::SpanId{});
    EXPECT_TRUE(TraceContext::parse(root.traceparent()).has_value());
    EXPECT_TRUE(root.traceparent().ends_with(i % 2 == 0 ? "-03" : "-02")) << "random, level 2";
    seen.insert(hex_of(root.trace_id()));
    seen.insert(hex_of(root.span_id()));
  }
  EXPECT_EQ(seen.size(), 2000);
}

TEST(TraceContext, WhatIsNoneBeginsNothing) {
  const std::string good = parent();
  const std::string zeros(32, '0');
  for (const std::string& bad :
       {std::string{}, std::string{"00"}, good.substr(0, 54), good + "0", good + "-more", "ff" + good.substr(2),
        "0" + good, "00_" + good.substr(3), "00-" + zeros + good.substr(35),
        good.substr(0, 36) + zeros.substr(0, 16) + good.substr(52), "00-" + std::string(32, 'A') + good.substr(35),
        good.substr(0, 53) + "0g"}) {
    EXPECT_FALSE(TraceContext::parse(bad).has_value()) << bad;
  }
  // A later version may have more, behind a dash.
  EXPECT_TRUE(TraceContext::parse("01" + good.substr(2)).has_value());
  EXPECT_TRUE(TraceContext::parse("01" + good.substr(2) + "-more").has_value());
  EXPECT_FALSE(TraceContext::parse("01" + good.substr(2) + "more").has_value());
  // Too long or malformed a state is dropped, not the trace. tests/telemetry/trace_context_cases_test.cc has more.
  EXPECT_EQ(TraceContext::parse(good, "a=" + std::string(511, 'x'))->tracestate(), "");
  EXPECT_EQ(TraceContext::parse(good, "vendor=x,Other=y")->tracestate(), "");
}

}  // namespace
}  // namespace tern
