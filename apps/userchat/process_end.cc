#include "process_end.h"

#include <spdlog/spdlog.h>

#include <csignal>
#include <string>
#include <utility>

#include "tern/async/asio.h"
#include "tern/server/handover.h"

namespace userchat {

namespace {

boost::asio::io_context& context() { return tern::Loop::require_current("catching signals").context(); }

tern::Task<void> set_at_a_signal(boost::asio::signal_set& signals, tern::Event& event, bool& happened) {
  co_await signals.async_wait(tern::use_task);
  happened = true;
  event.set();
}

}  // namespace

ProcessEnd::ProcessEnd(const tern::ServiceManager& manager, std::chrono::nanoseconds restart_timeout)
    : manager_(manager),
      restart_timeout_(restart_timeout),
      stop_signals_(context(), SIGINT, SIGTERM),
      restart_signals_(context(), SIGUSR2) {}

tern::Task<ProcessEnd::Reason> ProcessEnd::wait(const tern::Server& server) {
  const auto restarts = [](ProcessEnd& self, const tern::Server& its_server, tern::Event& ended,
                           bool& replaced) -> tern::Task<void> {
    co_await self.restart(its_server);
    replaced = true;
    ended.set();
  };
  tern::Event ended;
  bool stopped = false;
  bool replaced = false;
  tern::TaskGroup tasks;
  tasks.spawn(set_at_a_signal(stop_signals_, ended, stopped));
  tasks.spawn(restarts(*this, server, ended, replaced));
  co_await ended.wait();
  tasks.cancel();
  co_await tasks.join();
  // Both at once: the new process has the sockets.
  co_return replaced ? Reason::kReplaced : Reason::kStopped;
}

/// Until a restart has succeeded.
tern::Task<void> ProcessEnd::restart(const tern::Server& server) {
  for (;;) {
    co_await restart_signals_.async_wait(tern::use_task);
    manager_.reloading("restarting");
    std::string failure;
    try {
      std::vector<tern::ListeningSocket> sockets = server.listening_sockets();
      tern::HandoverOptions options;
      options.timeout = restart_timeout_;
      options.service_manager = &manager_;
      co_await tern::hand_over(std::move(sockets), options);
      co_return;
    } catch (const std::exception& error) {
      failure = error.what();
    }
    spdlog::error("restart failed: {}; this process serves on", failure);
    manager_.ready("restart failed: " + failure);
  }
}

}  // namespace userchat
