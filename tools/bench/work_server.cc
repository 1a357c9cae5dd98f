#include "bench/work_server.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <thread>

#include "tern/bench/v1/work.tern.h"
#include "tern/tern.h"

namespace tern::tool {

namespace {

using bench::v1::Work;
using bench::v1::WorkRequest;
using bench::v1::WorkResponse;

std::chrono::nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

/// Time of the processor, not of the clock: a thread that is interrupted goes on for longer.
void compute(const WorkRequest& request) {
  const std::chrono::nanoseconds end = processor_time() + std::chrono::microseconds{request.microseconds()};
  while (processor_time() < end) {
  }
}

class AsyncWork final : public Work::AsyncService {
  Task<WorkResponse> Wait(ServerContext& /*context*/, const WorkRequest& request) override {
    co_await sleep(std::chrono::microseconds{request.microseconds()});
    co_return WorkResponse{};
  }
  Task<WorkResponse> Compute(ServerContext& /*context*/, const WorkRequest& request) override {
    compute(request);
    co_return WorkResponse{};
  }
  Task<WorkResponse> ComputeInExecutor(ServerContext& /*context*/, const WorkRequest& request) override {
    co_await run_in_executor([&request] { compute(request); });
    co_return WorkResponse{};
  }
};

class SyncWork final : public Work::SyncService {
  WorkResponse Wait(ServerContext& /*context*/, const WorkRequest& request) override {
    std::this_thread::sleep_for(std::chrono::microseconds{request.microseconds()});
    return {};
  }
  WorkResponse Compute(ServerContext& /*context*/, const WorkRequest& request) override {
    compute(request);
    return {};
  }
};

}  // namespace

/// What runs in the forked process.
struct WorkProcess {
  static Task<void> serve(WorkServer::Options options, int report) {
    // As many calls at once as the client likes.
    const ServerOptions server_options{.max_concurrent_streams = std::nullopt, .max_workers = options.workers};
    AsyncWork async_work;
    SyncWork sync_work;
    Server async_server{server_options};
    Server sync_server{server_options};
    async_server.add_service(async_work);
    sync_server.add_service(sync_work);
    CaughtSignals stop_signal = signals(SIGTERM);
    const WorkServer::Ports ports{.sync = sync_server.listen("127.0.0.1:0"),
                                  .async = async_server.listen("127.0.0.1:0")};
    if (::write(report, &ports, sizeof ports) != sizeof ports) throw std::runtime_error{"nobody waits for this server"};
    ::close(report);
    co_await std::move(stop_signal);
  }
};

WorkServer::WorkServer(const Options& options) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error{fmt::format("pipe: {}", std::strerror(errno))};
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    ::close(pipe[0]);
    // Ends with its parent, however that ends; Ctrl-C is the parent's to handle.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    std::signal(SIGINT, SIG_IGN);
    use_processor(options.processor);
    ::_exit(tern::run(WorkProcess::serve(options, pipe[1]), {.threads = options.loops}));
  }
  ::close(pipe[1]);
  Ports reported;
  const bool up = process_ > 0 && ::read(pipe[0], &reported, sizeof reported) == sizeof reported;
  ports_ = reported;
  ::close(pipe[0]);
  if (!up) {
    if (process_ > 0) ::waitpid(process_, nullptr, 0);
    throw std::runtime_error{"the server's process did not come up"};
  }
}

WorkServer::~WorkServer() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

void use_processor(std::optional<int> processor) {
  static const cpu_set_t kAll = [] {
    cpu_set_t set{};
    ::sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  cpu_set_t set = kAll;
  if (processor) {
    // The n-th of those that may be used.
    CPU_ZERO(&set);
    int left = *processor;
    for (int index = 0; index < CPU_SETSIZE; ++index) {
      if (CPU_ISSET(index, &kAll) && left-- == 0) CPU_SET(index, &set);
    }
  }
  ::sched_setaffinity(0, sizeof set, &set);
}

int processors() {
  cpu_set_t set{};
  ::sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set);
}

}  // namespace tern::tool
