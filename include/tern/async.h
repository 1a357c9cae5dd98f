// Everything of tern's coroutines, without gRPC.
//
// Four rules hold everywhere; declarations say only where they do not.
// - An object belongs to the loop that it was made on, and so do the coroutines that await it.
// - What a task's arguments refer to outlives the task.
// - An await whose job is cancelled throws Cancelled and has had no effect.
// - What a function returns begins with its await: tasks, sleep(), gather(), with_timeout(), run_in_executor(), share()
//   and all waits. The exceptions begin at the call, and their names or types say so: spawn(), co_spawn(), enter(),
//   subscribe(), post(), submit(), and signals(), which returns CaughtSignals.
#pragma once

#include "tern/async/as_completed.h"     // IWYU pragma: export
#include "tern/async/async_generator.h"  // IWYU pragma: export
#include "tern/async/awaitable.h"        // IWYU pragma: export
#include "tern/async/broadcast.h"        // IWYU pragma: export
#include "tern/async/cancellation.h"     // IWYU pragma: export
#include "tern/async/condition.h"        // IWYU pragma: export
#include "tern/async/context_group.h"    // IWYU pragma: export
#include "tern/async/counter.h"          // IWYU pragma: export
#include "tern/async/event.h"            // IWYU pragma: export
#include "tern/async/executor.h"         // IWYU pragma: export
#include "tern/async/gate.h"             // IWYU pragma: export
#include "tern/async/gather.h"           // IWYU pragma: export
#include "tern/async/latch.h"            // IWYU pragma: export
#include "tern/async/loop.h"             // IWYU pragma: export
#include "tern/async/mutex.h"            // IWYU pragma: export
#include "tern/async/one_shot.h"         // IWYU pragma: export
#include "tern/async/outcome.h"          // IWYU pragma: export
#include "tern/async/per_loop.h"         // IWYU pragma: export
#include "tern/async/pipe.h"             // IWYU pragma: export
#include "tern/async/queue.h"            // IWYU pragma: export
#include "tern/async/run.h"              // IWYU pragma: export
#include "tern/async/run_on.h"           // IWYU pragma: export
#include "tern/async/semaphore.h"        // IWYU pragma: export
#include "tern/async/shared_task.h"      // IWYU pragma: export
#include "tern/async/shield.h"           // IWYU pragma: export
#include "tern/async/signals.h"          // IWYU pragma: export
#include "tern/async/sleep.h"            // IWYU pragma: export
#include "tern/async/task.h"             // IWYU pragma: export
#include "tern/async/task_group.h"       // IWYU pragma: export
#include "tern/async/thread_event.h"     // IWYU pragma: export
#include "tern/async/thread_one_shot.h"  // IWYU pragma: export
#include "tern/async/watch.h"            // IWYU pragma: export
#include "tern/async/when_any.h"         // IWYU pragma: export
#include "tern/async/with_timeout.h"     // IWYU pragma: export
#include "tern/async/yield.h"            // IWYU pragma: export
