// How the library makes its io_contexts, each of which one thread runs.
#pragma once

#include <boost/asio/io_context.hpp>

namespace tern {

/// Posting and timers stay safe from other threads. A socket's state has no lock of its own: a socket is used on one
/// thread at a time, as Asio asks for anyway, and a lock each for starting and for finishing an operation is saved.
inline constexpr int kOneThread = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

}  // namespace tern
