// Limits of texts, pages and their tokens, and text that is not UTF-8.
#include "user_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tern/telemetry/log_text.h"
#include "tern/tern.h"

namespace userchat {
namespace {

using user::v1::ListUsersRequest;
using user::v1::User;

/// Users 1 to `count`, as a repository gives them.
struct Store {
  std::int64_t count = 0;
  std::size_t name_length = 1;

  [[nodiscard]] std::vector<User> list(const Part& part) const {
    std::vector<User> users;
    for (std::int64_t id = part.after + 1; id <= std::min(count, part.after + part.size); ++id) {
      User& user = users.emplace_back();
      user.set_id(id);
      user.set_name(std::string(name_length, 'x'));
    }
    return users;
  }
};

user::v1::ListUsersResponse page_of(const Store& store, std::int32_t size, const std::string& token) {
  ListUsersRequest request;
  request.set_page_size(size);
  request.set_page_token(token);
  UserPage page{request};
  for (Part part = page.next(); part.size > 0; part = page.next()) page.add(store.list(part));
  return std::move(page).take();
}

std::string rejection(const auto& body) {
  try {
    body();
  } catch (const tern::AbortError& error) {
    EXPECT_EQ(error.status().code(), tern::StatusCode::kInvalidArgument);
    return error.status().details();
  }
  return "";
}

TEST(UserPage, HasAllUsersOnceOverItsTokens) {
  for (const std::int64_t count : {0, 1, 2, 999, 1000, 1001, 2000, 2001, 5000}) {
    for (const std::int32_t size : {0, 1, 7, 999, 1000, 1001, 100'000}) {
      if (count > 100 && size == 1) continue;
      const Store store{.count = count};
      std::vector<std::int64_t> ids;
      std::string token;
      do {
        const user::v1::ListUsersResponse page = page_of(store, size, token);
        if (size > 0) {
          EXPECT_LE(page.users_size(), size);
        }
        for (const User& user : page.users()) ids.push_back(user.id());
        token = page.next_page_token();
        if (!token.empty()) {
          EXPECT_GT(page.users_size(), 0);
        }
      } while (!token.empty());
      ASSERT_EQ(ids.size(), static_cast<std::size_t>(count)) << count << " users by " << size;
      for (std::size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], static_cast<std::int64_t>(i) + 1);
    }
  }
}

TEST(UserPage, EndsBeforeItExceedsItsBytes) {
  const Store store{.count = 5000, .name_length = kLongestName};
  const user::v1::ListUsersResponse first = page_of(store, 0, "");
  EXPECT_LE(first.ByteSizeLong(), kMostPageBytes + kMostPageBytes / 10);
  EXPECT_FALSE(first.next_page_token().empty());
  EXPECT_EQ(page_of(store, 0, first.next_page_token()).users(0).id(), first.users_size() + 1);
}

TEST(UserPage, HasAUserThatExceedsItsBytesAlone) {
  const Store store{.count = 3, .name_length = 2 * kMostPageBytes};
  const user::v1::ListUsersResponse page = page_of(store, 0, "1");
  ASSERT_EQ(page.users_size(), 1);
  EXPECT_EQ(page.next_page_token(), "2");
}

TEST(UserPage, RejectsWhatItCannotMean) {
  EXPECT_EQ(rejection([] { page_of(Store{}, -1, ""); }), "page_size is negative");
  for (const char* token : {"x", "1x", " 1", "99999999999999999999", "1.5"}) {
    EXPECT_EQ(rejection([token] { page_of(Store{}, 0, token); }), "page_token is not a next_page_token of ListUsers")
        << token;
  }
}

TEST(Users, HaveTextsOfBoundedLength) {
  struct Case {
    std::size_t name;
    std::size_t email;
    std::string said;
  };
  const std::vector<Case> cases{{1, 1, ""},
                                {kLongestName, kLongestEmail, ""},
                                {0, 1, "Name and email are required"},
                                {1, 0, "Name and email are required"},
                                {kLongestName + 1, 1, "name has 1025 bytes; at most 1024 are allowed"},
                                {1, kLongestEmail + 1, "email has 321 bytes; at most 320 are allowed"}};
  for (const Case& one : cases) {
    user::v1::CreateUserRequest request;
    request.set_name(std::string(one.name, 'n'));
    request.set_email(std::string(one.email, 'e'));
    EXPECT_EQ(rejection([&request] { check_new_user(request); }), one.said);
  }
}

TEST(ValidUtf8, ReplacesEachByteThatIsNotText) {
  struct Case {
    std::string bytes;
    std::string text;
  };
  const std::vector<Case> cases{{"", ""},
                                {"plain", "plain"},
                                {"박지민 Ž 😀", "박지민 Ž 😀"},
                                {"J\xFCrgen", "J\uFFFDrgen"},
                                {"\x80", "\uFFFD"},
                                {"\xC0\x80", "\uFFFD\uFFFD"},
                                {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
                                {"\xE0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
                                {"\xF0\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
                                {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
                                {"\xF5", "\uFFFD"},
                                {"\xEB\xB0", "\uFFFD\uFFFD"},
                                {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"}};
  for (const Case& one : cases) EXPECT_EQ(tern::telemetry::valid_utf8(one.bytes), one.text);
}

}  // namespace
}  // namespace userchat
