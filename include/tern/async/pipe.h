// pipe<T>(): a Queue with two ends that are owned separately. Dropping one end tells the other.
//
//   auto [reader, writer] = tern::pipe<Line>(16);
//   group.spawn(produce(std::move(writer)));                   // its end closes the pipe
//   while (std::optional<Line> line = co_await reader.read())  // empty: the writer is gone, and all was read
//     print(*line);
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tern/api.h"
#include "tern/async/queue.h"

namespace tern {

namespace detail {
[[noreturn]] TERN_API void throw_no_pipe();

/// One end's share of the queue.
template <class T>
class PipeEnd {
 public:
  explicit PipeEnd(std::shared_ptr<Queue<T>> queue) noexcept : queue_(std::move(queue)) {}
  PipeEnd(PipeEnd&&) noexcept = default;
  PipeEnd& operator=(PipeEnd&& other) noexcept {
    queue_.swap(other.queue_);
    return *this;
  }

 protected:
  ~PipeEnd() = default;
  /// Throws std::logic_error when this end was moved from.
  [[nodiscard]] Queue<T>& queue() const {
    if (queue_ == nullptr) throw_no_pipe();
    return *queue_;
  }
  [[nodiscard]] bool has_queue() const noexcept { return queue_ != nullptr; }

 private:
  std::shared_ptr<Queue<T>> queue_;
};
}  // namespace detail

/// Destroyed, it closes the pipe: writes return false, and what was not read is dropped. Throws std::logic_error when
/// it is used after it was moved from.
template <class T>
class PipeReader : public detail::PipeEnd<T> {
 public:
  using detail::PipeEnd<T>::PipeEnd;
  PipeReader(PipeReader&&) noexcept = default;
  PipeReader& operator=(PipeReader&&) noexcept = default;
  ~PipeReader() {
    if (!this->has_queue()) return;
    this->queue().close();
    while (this->queue().try_pop()) {
    }
  }

  /// Awaits the next value. Returns empty when the writer is gone and all was read. Cancelled, it has read nothing.
  typename Queue<T>::Pop read() { return this->queue().pop(); }
};

/// Destroyed, it closes the pipe: the reader gets the values that are left, and then empty. Throws std::logic_error
/// when it is used after it was moved from.
template <class T>
class PipeWriter : public detail::PipeEnd<T> {
 public:
  using detail::PipeEnd<T>::PipeEnd;
  PipeWriter(PipeWriter&&) noexcept = default;
  PipeWriter& operator=(PipeWriter&&) noexcept = default;
  ~PipeWriter() {
    if (this->has_queue()) this->queue().close();
  }

  /// Awaits room and writes `value`. Returns false when the reader is gone. Cancelled, it has written nothing.
  typename Queue<T>::Push write(T value) { return this->queue().push(std::move(value)); }
};

template <class T>
struct Pipe {
  PipeReader<T> reader;
  PipeWriter<T> writer;
};

/// A pipe that holds up to `capacity` values. Throws std::invalid_argument when that is 0.
template <class T>
[[nodiscard]] Pipe<T> pipe(std::size_t capacity) {
  auto queue = std::allocate_shared<Queue<T>>(RecyclingAllocator<Queue<T>>{}, capacity);
  PipeReader<T> reader{queue};
  return {std::move(reader), PipeWriter<T>{std::move(queue)}};
}

}  // namespace tern
