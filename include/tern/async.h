// Everything of tern's coroutines, without gRPC.
#pragma once

#include "tern/async/async_generator.h"  // IWYU pragma: export
#include "tern/async/context_group.h"    // IWYU pragma: export
#include "tern/async/event.h"            // IWYU pragma: export
#include "tern/async/executor.h"         // IWYU pragma: export
#include "tern/async/gather.h"           // IWYU pragma: export
#include "tern/async/loop.h"             // IWYU pragma: export
#include "tern/async/run.h"              // IWYU pragma: export
#include "tern/async/signals.h"          // IWYU pragma: export
#include "tern/async/sleep.h"            // IWYU pragma: export
#include "tern/async/task.h"             // IWYU pragma: export
#include "tern/async/task_group.h"       // IWYU pragma: export
#include "tern/async/with_timeout.h"     // IWYU pragma: export
