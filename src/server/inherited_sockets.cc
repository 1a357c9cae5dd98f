#include "tern/server/inherited_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "server/handover_channel.h"
#include "server/handover_protocol.h"
#include "text/log.h"
#include "text/number.h"
#include "transport/descriptor_message.h"
#include "transport/unix_socket_file.h"

namespace tern {

namespace {

constexpr int kFirstActivated = 3;  // SD_LISTEN_FDS_START
constexpr int kMostActivated = 4096;
constexpr std::chrono::seconds kAnswerTime{10};

using Names = std::initializer_list<std::string_view>;
using transport::OwnedDescriptor;

/// The variable's value, which is removed.
std::optional<std::string> take_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  ::unsetenv(name);
  return text;
}

/// Throws when `value` is not a whole number in 0..`most`.
int number_of(const char* name, const std::string& value, int most) {
  const auto number = text::number_of<int>(value);
  if (!number || *number < 0 || *number > most) {
    throw std::runtime_error(std::string{name} + "=\"" + value + "\" is not a number from 0 to " +
                             std::to_string(most));
  }
  return *number;
}

bool is_one_of(Names names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

/// The names of `count` sockets, as LISTEN_FDNAMES or their order gives them.
std::vector<std::string> activated_names(Names names, const std::string& given, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; all.size() < count && begin <= given.size();) {
    const std::size_t end = std::min(given.find(':', begin), given.size());
    all.push_back(given.substr(begin, end - begin));
    begin = end + 1;
  }
  all.resize(count);
  const auto known = [names](const std::string& name) { return is_one_of(names, name); };
  if (std::ranges::any_of(all, known)) return all;
  if (count > names.size()) {
    throw std::runtime_error("LISTEN_FDS=" + std::to_string(count) + ": the program listens on " +
                             std::to_string(names.size()) +
                             " sockets; name them by FileDescriptorName= where one has several");
  }
  std::ranges::copy(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), all.begin());
  return all;
}

std::vector<ListeningSocket> activated_sockets(Names names) {
  const std::optional<std::string> process = take_variable("LISTEN_PID");
  const std::optional<std::string> count = take_variable("LISTEN_FDS");
  const std::optional<std::string> given = take_variable("LISTEN_FDNAMES");
  take_variable("LISTEN_PIDFDID");
  std::vector<ListeningSocket> sockets;
  // They are another process's when its variables were not removed.
  if (!process || !count || number_of("LISTEN_PID", *process, INT32_MAX) != ::getpid()) return sockets;
  const int descriptors = number_of("LISTEN_FDS", *count, kMostActivated);
  for (int i = 0; i < descriptors; ++i) static_cast<void>(::fcntl(kFirstActivated + i, F_SETFD, FD_CLOEXEC));
  const auto all = activated_names(names, given.value_or(""), static_cast<std::size_t>(descriptors));
  for (int i = 0; i < descriptors; ++i) sockets.emplace_back(all[static_cast<std::size_t>(i)], kFirstActivated + i);
  return sockets;
}

/// "owns NAME" or "uses NAME".
ListeningSocket handed_over_socket(std::string_view line, OwnedDescriptor descriptor) {
  const bool owns = line.starts_with(kHandoverOwns);
  if (!owns && !line.starts_with(kHandoverUses)) {
    throw std::runtime_error("the process before this one hands over a socket in an unknown way: \"" +
                             std::string{line} + "\"");
  }
  std::string name{line.substr(kHandoverOwns.size())};
  ListeningSocket socket{name, descriptor.release()};
  if (!owns) return socket;
  auto file = std::make_shared<transport::UnixSocketFile>(socket.address().substr(std::string_view{"unix:"}.size()));
  file->leave();  // until this process is the one that serves
  const int same = socket.release();
  return ListeningSocket{std::move(name), same, std::move(file)};
}

std::vector<ListeningSocket> handed_over_sockets(int channel) {
  std::optional<transport::DescriptorMessage> message = transport::receive_message(channel);
  if (!message || !message->text.starts_with(kHandoverFirstLine)) {
    throw std::runtime_error(
        "the process before this one hands its sockets over in a way that this version of tern "
        "does not know: stop that process and start this one");
  }
  std::string_view lines = std::string_view{message->text}.substr(kHandoverFirstLine.size());
  std::vector<ListeningSocket> sockets;
  for (OwnedDescriptor& descriptor : message->descriptors) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    sockets.push_back(handed_over_socket(lines.substr(0, end), std::move(descriptor)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return sockets;
}

}  // namespace

struct InheritedSockets::State {
  HandoverChannel channel{OwnedDescriptor{}};
  std::vector<ListeningSocket> sockets;
  std::vector<std::shared_ptr<transport::UnixSocketFile>> files;  // become this process's with confirm()
};

InheritedSockets::InheritedSockets() : InheritedSockets(std::make_unique<State>()) {}
InheritedSockets::InheritedSockets(std::unique_ptr<State> state) : state_(std::move(state)) {}
InheritedSockets::InheritedSockets(InheritedSockets&& other) noexcept = default;
InheritedSockets& InheritedSockets::operator=(InheritedSockets&& other) noexcept = default;
InheritedSockets::~InheritedSockets() = default;

InheritedSockets InheritedSockets::from_environment(std::initializer_list<std::string_view> names) {
  auto state = std::make_unique<State>();
  const std::optional<std::string> channel = take_variable(kHandoverVariable);
  state->sockets = activated_sockets(names);
  if (channel) {
    const int descriptor = number_of(kHandoverVariable, *channel, INT32_MAX);
    static_cast<void>(::fcntl(descriptor, F_SETFD, FD_CLOEXEC));
    state->channel = HandoverChannel{OwnedDescriptor{descriptor}};
    state->sockets = handed_over_sockets(descriptor);
  }
  for (const ListeningSocket& socket : state->sockets) {
    if (socket.file() != nullptr) state->files.push_back(socket.file());
  }
  return InheritedSockets{std::move(state)};
}

bool InheritedSockets::from_restart() const noexcept { return state_->channel.open(); }

std::vector<ListeningSocket> InheritedSockets::take(std::string_view name) {
  std::vector<ListeningSocket> taken;
  std::vector<ListeningSocket> others;
  for (ListeningSocket& socket : state_->sockets) {
    (socket.name() == name ? taken : others).push_back(std::move(socket));
  }
  state_->sockets = std::move(others);
  return taken;
}

Task<void> InheritedSockets::confirm() {
  for (const ListeningSocket& socket : state_->sockets) {
    log_warning("server", "the inherited socket \"{}\" ({}) is not used, and is closed", socket.name(),
                socket.address());
  }
  state_->sockets.clear();
  if (!from_restart()) co_return;
  std::optional<std::string> answer{""};
  if (state_->channel.send(kHandoverServing)) answer = co_await state_->channel.receive(Clock::now() + kAnswerTime);
  state_->channel.close();
  for (const auto& file : state_->files) file->own();
  if (answer == kHandoverMain) co_return;
  log_warning("server", "the process before this one {}; this one serves alone",
              answer ? "ended before it had handed over" : "does not answer");
}

}  // namespace tern
