#include "tern/async/job_stack.h"

#include <array>
#include <boost/core/demangle.hpp>
#include <string_view>
#include <utility>

#include "async/awaiter_names.h"
#include "async/code_location.h"

namespace tern {

namespace {

// A frame begins with the addresses of the functions that resume and destroy it, and the promise follows: the layout of
// both compilers on all of their 64-bit targets.
struct FrameHead {
  const void* resume;
  const void* destroy;
};

// tools/gdb/tern.py has one table for all folders.
constexpr std::array<AwaiterName, 22> kNames{{
    {"tern::Sleep", "sleep"},
    {"tern::Event::Waiting", "an Event"},
    {"tern::detail::ExecutorCall", "run_in_executor"},
    {"tern::TaskGroup::Join", "TaskGroup::join"},
    {"tern::detail::AsioOperation", "an operation of Asio"},
    {"tern::detail::TimedWait", "with_timeout"},
    {"tern::detail::ShieldedWait", "shield"},
    {"tern::Queue", "a Queue"},
    {"tern::Semaphore::Acquire", "a Semaphore"},
    {"tern::Mutex::Locking", "a Mutex"},
    {"tern::Condition::Waiting", "a Condition"},
    {"tern::Gate::Close", "a Gate's passes"},
    {"tern::Latch::Waiting", "a Latch"},
    {"tern::OneShot", "a OneShot"},
    {"tern::ThreadOneShot", "a ThreadOneShot"},
    {"tern::Broadcast", "a Broadcast"},
    {"tern::Watch", "a Watch"},
    {"tern::detail::Branches", "gather or when_any"},
    {"tern::AsCompleted", "as_completed"},
    {"tern::detail::RemoteWait", "run_on"},
    {"tern::TaskGroup::Member", "a member of a TaskGroup"},
    {"tern::SharedTask", "a SharedTask"},
}};
const AwaiterNames kOwnAwaiters{kNames};

/// The name of another awaiter, without template arguments and tern's namespaces.
std::string short_name(std::string name) {
  if (const std::size_t arguments = name.find('<'); arguments != std::string::npos) name.resize(arguments);
  for (const std::string_view part : {"tern::", "detail::"}) {
    for (std::size_t at = name.find(part); at != std::string::npos; at = name.find(part, at)) {
      name.erase(at, part.size());
    }
  }
  return name;
}

}  // namespace

JobStack::JobStack(const Job& job) { add(job); }

void JobStack::add(const Job& job) {
  const Wait* const wait = job.innermost();
  if (wait == nullptr) return;
  if (const Job* const inner = wait->inner_job(); inner != nullptr) add(*inner);
  if (awaited_ == nullptr) awaited_ = &typeid(*wait);
  for (const void* frame = wait->waiter(); frame != nullptr; frame = CoroutinePromise::continuation_of(frame)) {
    functions_.push_back(static_cast<const FrameHead*>(frame)->resume);
  }
}

std::string JobStack::awaits() const {
  if (awaited_ == nullptr) return {};
  std::string name = boost::core::demangle(awaited_->name());
  const std::string_view known = AwaiterNames::of(name);
  return known.empty() ? short_name(std::move(name)) : std::string{known};
}

std::vector<std::string> JobStack::coroutines() const {
  std::vector<std::string> lines;
  lines.reserve(functions_.size());
  for (const void* function : functions_) {
    if (function == nullptr) continue;  // of a coroutine that has ended
    CodeLocation location = locate_code(function);
    location.function = coroutine_name(std::move(location.function));
    lines.push_back(to_string(location));
  }
  return lines;
}

}  // namespace tern
