#include "tern/server/handover.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "rpc/timeout.h"
#include "server/child_process.h"
#include "server/handover_channel.h"
#include "server/handover_protocol.h"
#include "tern/async/loop.h"
#include "text/log.h"
#include "transport/descriptor_message.h"
#include "transport/unix_socket_file.h"

namespace tern {

namespace {

// A process that has closed its end without having confirmed is ending.
constexpr std::chrono::seconds kEndTime{5};

std::vector<std::string> own_arguments() {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::vector<std::string> arguments;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (arguments.empty()) throw std::runtime_error("cannot read this process's arguments from /proc/self/cmdline");
  return arguments;
}

/// The file may have been replaced since this process was started: its path counts, not what it was.
std::string own_program(const std::string& first_argument) {
  if (first_argument.find('/') != std::string::npos) return first_argument;
  constexpr std::string_view kDeleted = " (deleted)";
  std::string path = std::filesystem::read_symlink("/proc/self/exe").string();
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

/// This process's variables, without the ones that were meant for it alone.
std::vector<std::string> environment_with(int channel) {
  constexpr std::array kLeftOut = {std::string_view{"LISTEN_PID="},     std::string_view{"LISTEN_FDS="},
                                   std::string_view{"LISTEN_FDNAMES="}, std::string_view{"LISTEN_PIDFDID="},
                                   std::string_view{"WATCHDOG_PID="},   std::string_view{"TERN_HANDOVER_FD="}};
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable{*each};
    const auto begins = [variable](std::string_view name) { return variable.starts_with(name); };
    if (std::ranges::none_of(kLeftOut, begins)) variables.emplace_back(variable);
  }
  variables.push_back(std::string{kHandoverVariable} + "=" + std::to_string(channel));
  return variables;
}

void send_sockets(int channel, const std::vector<ListeningSocket>& sockets) {
  std::string text{kHandoverFirstLine};
  std::vector<int> descriptors;
  for (const ListeningSocket& socket : sockets) {
    text += socket.file() != nullptr && socket.file()->owned() ? kHandoverOwns : kHandoverUses;
    text += socket.name() + "\n";
    descriptors.push_back(socket.descriptor());
  }
  transport::send_message(channel, text, descriptors);
}

std::unique_ptr<ChildProcess> start(const HandoverOptions& options, int channel) {
  std::vector<std::string> arguments{options.arguments.begin(), options.arguments.end()};
  if (arguments.empty()) arguments = own_arguments();
  const std::string program = options.program.empty() ? own_program(arguments.front()) : std::string{options.program};
  const std::vector<std::string> environment = environment_with(channel);
  return std::make_unique<ChildProcess>(program, arguments, environment, channel);
}

/// Waits until the new process serves; returns why it does not, or nothing.
Task<std::string> wait_until_it_serves(HandoverChannel& channel, ChildProcess& child,
                                       std::chrono::nanoseconds timeout) {
  const pid_t id = child.id();
  const std::optional<std::string> answer = co_await channel.receive(rpc::deadline_after(Clock::now(), timeout));
  if (answer == kHandoverServing) co_return std::string{};
  channel.close();
  const bool late = !answer.has_value();
  const Clock::time_point limit = Clock::now() + (late ? Clock::duration::zero() : Clock::duration{kEndTime});
  const std::string end = co_await child.end(limit);
  if (late) {
    const double seconds = std::chrono::duration<double>(timeout).count();
    co_return fmt::format("the new process (pid {}) did not serve within {:g} s, and {}", id, seconds, end);
  }
  co_return fmt::format("the new process (pid {}) {} before it served", id, end);
}

}  // namespace

Task<int> hand_over(std::vector<ListeningSocket> sockets, HandoverOptions options) {
  static_cast<void>(Loop::require_current("a restart"));
  auto ends = transport::descriptor_socket_pair();
  HandoverChannel channel{std::move(ends.first)};
  send_sockets(channel.descriptor(), sockets);
  const std::unique_ptr<ChildProcess> child = start(options, ends.second.get());
  ends.second.close();
  const int id = child->id();
  log_info("server", "restart: process {} starts with {} listening sockets; this one (pid {}) serves until it does", id,
           sockets.size(), ::getpid());
  const std::string failure = co_await wait_until_it_serves(channel, *child, options.timeout);
  if (!failure.empty()) throw std::runtime_error(failure);
  child->release();
  for (const ListeningSocket& socket : sockets) {
    if (socket.file() != nullptr) socket.file()->leave();
  }
  if (options.service_manager != nullptr) options.service_manager->main_process_is(id);
  static_cast<void>(channel.send(kHandoverMain));  // a process that ended just now needs no answer
  log_info("server", "restart: process {} serves", id);
  co_return id;
}

}  // namespace tern
