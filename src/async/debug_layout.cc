#include "tern/detail/debug_layout.h"

#include <mutex>

#include "async/debug_root.h"
#include "async/on_loop.h"
#include "tern/async/job.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"

// The classes are not standard-layout. Both compilers give the offsets of their members all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

extern "C" tern::DebugRoot tern_debug_root;
constinit tern::DebugRoot tern_debug_root;

namespace tern {

struct AsyncFolder;

template <>
struct DebugLayout<AsyncFolder> {
  static const DebugOffset* table() {
    static const std::array kTable{
        DebugOffset{"Wait.waiter", offsetof(Wait, waiter_)},
        DebugOffset{"Job.loop", offsetof(Job, loop_)},
        DebugOffset{"Job.innermost", offsetof(Job, innermost_)},
        DebugOffset{"Job.body", offsetof(Job, body_)},
        DebugOffset{"Job.name", offsetof(Job, inherited.name)},
        DebugOffset{"Job.cancelled", offsetof(Job, cancelled_)},
        DebugOffset{"Promise.job", offsetof(CoroutinePromise, job_)},
        DebugOffset{"Promise.continuation", offsetof(CoroutinePromise, continuation_)},
        DebugOffset{"Loop.next", offsetof(Loop, next_)},
        DebugOffset{"Loop.turn", offsetof(Loop, turn_)},
        DebugOffset{"Loop.ends", offsetof(Loop, ends_)},
        DebugOffset{"Loop.groups", offsetof(Loop, groups_)},
        DebugOffset{"LoopEnd:Node", base_offset<ListNode<LoopEnd>, LoopEnd>()},
        DebugOffset{"TaskGroup:Node", base_offset<ListNode<TaskGroup>, TaskGroup>()},
        DebugOffset{"TaskGroup.members", offsetof(TaskGroup, members_)},
        DebugOffset{nullptr, 0},
    };
    return kTable.data();
  }

  static Loop*& next(Loop& loop) noexcept { return loop.next_; }
};

namespace {

constinit std::mutex debug_root_mutex;

}  // namespace

void add_debug_layout(const DebugOffset* table) {
  const std::lock_guard lock{debug_root_mutex};
  for (const DebugOffset*& each : tern_debug_root.layouts) {
    if (each == nullptr) each = table;
    if (each == table) return;
  }
}

void add_debug_loop(Loop& loop) {
  add_debug_layout(DebugLayout<AsyncFolder>::table());
  const std::lock_guard lock{debug_root_mutex};
  DebugLayout<AsyncFolder>::next(loop) = tern_debug_root.loops;
  tern_debug_root.loops = &loop;
}

void remove_debug_loop(Loop& loop) noexcept {
  const std::lock_guard lock{debug_root_mutex};
  for (Loop** link = &tern_debug_root.loops; *link != nullptr; link = &DebugLayout<AsyncFolder>::next(**link)) {
    if (*link != &loop) continue;
    *link = DebugLayout<AsyncFolder>::next(loop);
    return;
  }
}

}  // namespace tern
