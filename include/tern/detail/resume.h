// How one coroutine goes over into another without deepening the stack. Where the compiler makes symmetric transfer a
// tail call (clang always does) that is all there is; g++ promises it only with -foptimize-sibling-calls and never
// under a sanitizer, so there the next coroutine is handed back to a trampoline at the bottom of the stack.
#pragma once

#include <coroutine>

#include "tern/api.h"

namespace tern::detail {

#if defined(__clang__)
inline constexpr bool kSymmetricTransferIsTailCall = true;
#else
inline constexpr bool kSymmetricTransferIsTailCall = false;
#endif

/// One for each resume_flat() on this thread's stack, the innermost one current.
struct Trampoline {
  std::coroutine_handle<> next;
  Trampoline* outer;
};
TERN_API inline constinit thread_local Trampoline* current_trampoline = nullptr;

/// What an await_suspend returns to go on with `next`.
inline std::coroutine_handle<> transfer_to(std::coroutine_handle<> next) noexcept {
  if constexpr (!kSymmetricTransferIsTailCall) {
    if (current_trampoline != nullptr) {
      current_trampoline->next = next;
      return std::noop_coroutine();
    }
  }
  return next;
}

/// Resumes `coroutine` and whatever it goes over into, until something suspends for good. Every resumption by tern goes
/// through here.
inline void resume_flat(std::coroutine_handle<> coroutine) {
  if constexpr (kSymmetricTransferIsTailCall) {
    coroutine.resume();
  } else {
    Trampoline trampoline{coroutine, current_trampoline};
    current_trampoline = &trampoline;
    while (trampoline.next) {
      std::coroutine_handle<> next = trampoline.next;
      trampoline.next = nullptr;
      next.resume();
    }
    current_trampoline = trampoline.outer;
  }
}

}  // namespace tern::detail
