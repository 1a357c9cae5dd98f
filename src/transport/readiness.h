// co_await Readiness{stream, Readiness::kRead}: until a ByteStream can be read or written, or has failed.
#pragma once

#include "tern/async/job.h"
#include "tern/async/task.h"
#include "transport/byte_stream.h"

namespace tern::transport {

class [[nodiscard]] Readiness final : public Wait, private ByteStreamEvents {
 public:
  enum class For { kRead, kWrite };

  Readiness(ByteStream& stream, For wanted) noexcept : stream_(stream), wanted_(wanted) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin_wait(caller, *caller.promise().job())) return;
    if (wanted_ == For::kWrite) {
      stream_.want_write(*this);
    } else {
      stream_.want_read(*this);
    }
  }
  void await_resume() const { resumed(); }

 private:
  void on_readable() override { wake(); }
  void on_writable() override { wake(); }
  ByteStream& stream_;
  For wanted_;
};

}  // namespace tern::transport
