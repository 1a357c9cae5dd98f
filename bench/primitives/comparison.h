// The table of bench/primitives' three parts: operations, each done by tern and by Asio in turns.
#pragma once

#include <boost/system/error_code.hpp>
#include <functional>

namespace primitives {

using Error = boost::system::error_code;

/// Prints a row: nanoseconds of one of `count` operations, the best of several rounds on each side, and the ratio.
/// Below 1.00 tern is faster. Both functions do `count` operations and return.
void compare(const char* name, int count, const std::function<void()>& with_tern,
             const std::function<void()>& with_asio);

/// Queue, Semaphore, Mutex, Event, OneShot, Broadcast beside Asio's experimental channels.
void compare_waiting(int count);
/// Awaiting, spawning, gather, when_any and limits of time beside awaitable, co_spawn, `&&` and `||`.
void compare_tasks(int count);
/// yield_now, sleep, run_on and what other threads set beside post, steady_timer, co_spawn and concurrent_channel.
void compare_loops(int count);

}  // namespace primitives
