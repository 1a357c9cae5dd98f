// A chat room under load: room_load ADDRESS LISTENERS IDLE MESSAGES BYTES. LISTENERS listen, each on a connection of
// its own; the first IDLE of them read nothing. One client says MESSAGES / 2 messages of BYTES each, and the room tells
// as many answers. Every listener that reads must get every message, in order, with none lost. Ends with 1 if one did
// not.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "chat/v1/chat.tern.h"
#include "tern/tern.h"

namespace {

using chat::v1::ChatMessage;

struct Load {
  std::string address;
  int listeners = 0;
  int idle = 0;
  int messages = 0;
  std::size_t bytes = 0;
};

struct Figures {
  int listening = 0;
  tern::Event all_listen;
  int complete = 0;
  std::vector<std::string> problems;
};

/// The message that is said as number `said`, or the room's answer to it.
bool is_number(const ChatMessage& message, int said, bool answer) {
  const std::string begin = fmt::format("{}{:08}", answer ? "Echo: " : "", said);
  return message.content().starts_with(begin);
}

tern::Task<void> listen(const Load& load, int number, Figures& figures) {
  tern::Channel channel{load.address};
  const chat::v1::ChatRoom::Stub stub{channel};
  auto messages = stub.Listen(chat::v1::ListenRequest{});
  const tern::Metadata listening = co_await messages.initial_metadata();
  static_cast<void>(listening);
  if (++figures.listening == load.listeners) figures.all_listen.set();
  if (number < load.idle) co_await tern::sleep(std::chrono::hours{24});
  for (int i = 0; i < load.messages; ++i) {
    const std::optional<ChatMessage> message = co_await messages.read();
    if (message && message->lost() == 0 && is_number(*message, i / 2, i % 2 == 1)) continue;
    figures.problems.push_back(fmt::format(
        "listener {} at message {}: {}", number, i,
        message ? fmt::format("\"{:.20}\", lost {}", message->content(), message->lost()) : "the stream has ended"));
    co_return;
  }
  ++figures.complete;
}

tern::Task<int> run(Load load) {
  Figures figures;
  tern::TaskGroup idle;
  tern::TaskGroup reading;
  for (int i = 0; i < load.listeners; ++i) (i < load.idle ? idle : reading).spawn(listen(load, i, figures));
  co_await figures.all_listen.wait();
  tern::Channel channel{load.address};
  const chat::v1::ChatRoom::Stub stub{channel};
  for (int said = 0; said < load.messages / 2; ++said) {
    ChatMessage message;
    message.set_user_id("load");
    message.set_content(fmt::format("{:08}", said));
    message.mutable_content()->resize(load.bytes, 'x');
    co_await stub.Say(message);
  }
  co_await reading.join();
  idle.cancel();
  for (const std::string& problem : figures.problems) fmt::print("{}\n", problem);
  fmt::print("{} of {} listeners got all of {} messages\n", figures.complete, load.listeners - load.idle,
             load.messages);
  co_return figures.complete == load.listeners - load.idle ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    fmt::print(stderr, "usage: room_load ADDRESS LISTENERS IDLE MESSAGES BYTES\n");
    return EXIT_FAILURE;
  }
  Load load{arguments[1], std::atoi(arguments[2]), std::atoi(arguments[3]), std::atoi(arguments[4]),
            static_cast<std::size_t>(std::atoll(arguments[5]))};
  return tern::run(run(std::move(load)));
}
