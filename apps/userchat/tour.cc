#include "tour.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "chat/v1/chat.tern.h"
#include "user_client.h"

namespace userchat {

namespace {

using namespace std::chrono_literals;
using chat::v1::ChatMessage;
using user::v1::User;

void heading(const char* title) {
  const std::string rule(50, '=');
  fmt::print("{}\n{}\n{}\n", rule, title, rule);
}

void show(const User& user) { fmt::print("  - {}: {} ({})\n", user.id(), user.name(), user.email()); }

void show_error(const tern::Status& status) {
  fmt::print("Error: {} - {}\n", tern::name_of(status.code()), status.details());
}

double seconds_since(tern::Clock::time_point begin) {
  return std::chrono::duration<double>(tern::Clock::now() - begin).count();
}

/// The three numbered steps.
tern::Task<void> three_steps(AsyncUserClient& client) {
  heading("1. List the users");
  const std::vector<User> users = co_await client.list_users();
  for (const User& user : users) show(user);

  heading("2. Get one user");
  const User user = co_await client.get_user(1);
  show(user);

  heading("3. Create a user");
  const User created = co_await client.create_user("박지민", "park@example.com");
  fmt::print("  Created: {}: {}\n", created.id(), created.name());
}

/// The document fetches ids 1 to 10, most of which do not exist; here they do.
tern::Task<void> ten_at_once(AsyncUserClient& client) {
  heading("4. Ten users, one after the other and at once");
  constexpr std::int64_t kCount = 10;
  const std::vector<User> there = co_await client.list_users(kCount);
  for (auto number = static_cast<std::int64_t>(there.size()); number < kCount; ++number) {
    co_await client.create_user(fmt::format("User {}", number + 1), fmt::format("user{}@example.com", number + 1));
  }
  const std::vector<User> users = co_await client.list_users(kCount);

  auto begin = tern::Clock::now();
  for (const User& user : users) co_await client.get_user(user.id());
  fmt::print("One after the other: {:.3f} s\n", seconds_since(begin));

  begin = tern::Clock::now();
  std::vector<tern::Task<User>> calls;
  calls.reserve(users.size());
  for (const User& user : users) calls.push_back(client.get_user(user.id()));
  const std::vector<User> all = co_await tern::gather(std::move(calls));
  fmt::print("At once:             {:.3f} s ({} users)\n", seconds_since(begin), all.size());
}

tern::Task<void> server_stream(AsyncUserClient& client) {
  heading("5. The users as a stream");
  auto users = client.list_users_stream(10);
  while (const std::optional<User> user = co_await users.next()) fmt::print("Received: {}\n", user->name());
}

tern::AsyncGenerator<ChatMessage> say_things() {
  static constexpr std::array kThings{"안녕", "반가워", "잘가"};
  bool first = true;
  for (const char* thing : kThings) {
    if (!first) co_await tern::sleep(500ms);
    first = false;
    ChatMessage message;
    message.set_user_id("tour");
    message.set_content(thing);
    co_yield message;
  }
}

tern::Task<void> chat(AsyncUserClient& client) {
  heading("6. Chat");
  chat::v1::ChatService::Stub stub{client.channel()};
  auto replies = stub.Chat(say_things());
  while (const std::optional<ChatMessage> reply = co_await replies.next()) fmt::print("Server: {}\n", reply->content());
}

/// A client that lives as long as its scope, whatever way that is left.
tern::Task<void> scoped(const std::string& target) {
  heading("7. A client bound to its scope");
  {
    AsyncUserClient client{target};
    const User user = co_await client.get_user(1);
    show(user);
  }
  fmt::print("Closed on the way out\n");
  try {
    AsyncUserClient client{target};
    co_await client.get_user(-1);
  } catch (const tern::RpcError& error) {
    show_error(error.status());
  }
  fmt::print("Closed by the exception too\n");
}

tern::Task<void> errors(AsyncUserClient& client) {
  heading("8. Errors");
  user::v1::UserService::Stub stub{client.channel()};
  user::v1::GetUserRequest unknown;
  unknown.set_id(999999);
  const auto missing = co_await stub.GetUser(unknown).result();
  show_error(missing.status());

  const auto nameless = co_await stub.CreateUser(user::v1::CreateUserRequest{}).result();
  show_error(nameless.status());

  user::v1::GetUserRequest slow;
  slow.set_id(1);
  const auto late = co_await stub.GetUser(slow, {.timeout = 1us}).result();
  show_error(late.status());

  // Nobody listens on port 1.
  AsyncUserClient away{"127.0.0.1:1"};
  try {
    co_await away.get_user(1);
  } catch (const tern::RpcError& error) {
    show_error(error.status());
  }
}

}  // namespace

tern::Task<void> tour(std::string target) {
  AsyncUserClient client{target};
  co_await client.connect();
  co_await three_steps(client);
  co_await ten_at_once(client);
  co_await server_stream(client);
  co_await chat(client);
  co_await scoped(target);
  co_await errors(client);
  co_await client.close();
}

}  // namespace userchat
