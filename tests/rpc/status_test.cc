#include "tern/rpc/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace tern {
namespace {

using Text = Result<std::string>;
using Pointer = Result<std::unique_ptr<int>>;

static_assert(std::is_same_v<decltype(std::declval<Text&>().value()), std::string&>);
static_assert(std::is_same_v<decltype(std::declval<const Text&>().value()), const std::string&>);
static_assert(std::is_same_v<decltype(std::declval<Text>().value()), std::string>, "of a temporary it does not dangle");
static_assert(std::is_same_v<decltype(*std::declval<Text>()), std::string>);

Status away() { return Status{StatusCode::kUnavailable, "away"}; }

TEST(Result, GivesItsValue) {
  const Text constant{"there"};
  EXPECT_EQ(constant.value(), "there");
  EXPECT_EQ(*constant, "there");
  EXPECT_EQ(constant->size(), 5U);
  Text changed{"there"};
  changed.value() += " it is";
  EXPECT_EQ(std::move(changed).value(), "there it is");
  Pointer moved{std::make_unique<int>(7)};
  const std::unique_ptr<int> seven = std::move(moved).value();
  EXPECT_EQ(*seven, 7);
}

TEST(Result, ThrowsItsStatusInPlaceOfAValue) {
  const Text constant{away()};
  EXPECT_THROW(static_cast<void>(constant.value()), RpcError);
  EXPECT_THROW(static_cast<void>(*constant), RpcError);
  EXPECT_THROW(static_cast<void>(constant->size()), RpcError);
  try {
    static_cast<void>(Text{away()}.value());
    ADD_FAILURE() << "there was no value";
  } catch (const RpcError& error) {
    EXPECT_EQ(error.status(), away());
  }
}

TEST(Result, GivesTheOtherValueInPlaceOfAStatus) {
  const Text there{"there"};
  const Text failed{away()};
  EXPECT_EQ(there.value_or("other"), "there");
  EXPECT_EQ(failed.value_or("other"), "other");
  EXPECT_EQ(Text{"there"}.value_or("other"), "there");
  Pointer none{away()};
  EXPECT_EQ(*std::move(none).value_or(std::make_unique<int>(8)), 8);
}

}  // namespace
}  // namespace tern
