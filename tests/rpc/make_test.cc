#include "tern/rpc/make.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <string>

namespace tern {
namespace {

using google::protobuf::StringValue;

TEST(Make, ReturnsTheMessageThatTheFunctionFilled) {
  const std::string text = "Ada";
  const auto value = make<StringValue>([&](auto& message) { message.set_value(text); });
  EXPECT_EQ(value.value(), "Ada");
}

TEST(Make, TakesAFunctionWithState) {
  int calls = 0;
  auto fill = [&calls, mark = 0](StringValue& message) mutable { message.set_value(std::to_string(++mark + ++calls)); };
  EXPECT_EQ(make<StringValue>(fill).value(), "2");
  EXPECT_EQ(make<StringValue>(fill).value(), "4");
}

}  // namespace
}  // namespace tern
