// Gate: lets work in until it is closed; closing waits until all that is inside has left. For what must not be
// destroyed while somebody uses it.
//
//   tern::Gate::Pass pass = gate.enter();  // in each use, as long as it lasts
//   co_await gate.close();                 // before the end
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>

#include "tern/api.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/waiter_list.h"

namespace tern {

/// Thrown by Gate::enter() when the gate is closed.
class TERN_API GateClosed : public std::runtime_error {
 public:
  GateClosed() : std::runtime_error("the Gate is closed") {}
};

/// Destroyed while somebody is inside, it logs an error.
class TERN_API Gate {
 public:
  class [[nodiscard]] Pass;
  class [[nodiscard]] Close;

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate();

  /// Enters; the destructor of the pass leaves. Throws GateClosed after close().
  Pass enter();
  /// The same, with an empty result instead of an exception.
  [[nodiscard]] std::optional<Pass> try_enter() noexcept;

  /// Closes the gate at once, and awaits that all inside have left. Cancelled, only the waiting ends: the gate stays
  /// closed, and close() may be called again. Throws std::logic_error when another close() waits or has ended.
  Close close();

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// How many are inside.
  [[nodiscard]] std::size_t inside() const noexcept { return inside_; }

 private:
  IntrusiveList<Pass> passes_;
  std::size_t inside_ = 0;
  bool closed_ = false;
  bool left_by_all_ = false;  // and a close() has ended
  detail::WaiterList closing_;
};

class Gate::Pass : private ListNode<Pass> {
 public:
  /// Of no gate.
  Pass() noexcept = default;
  Pass(Pass&& other) noexcept { steal(other); }
  Pass& operator=(Pass&& other) noexcept {
    if (this == &other) return *this;
    leave();
    steal(other);
    return *this;
  }
  ~Pass() { leave(); }

 private:
  friend class Gate;
  friend class IntrusiveList<Pass>;
  explicit Pass(Gate& gate) noexcept : gate_(&gate) {
    gate.passes_.push_back(*this);
    ++gate.inside_;
  }
  void steal(Pass& other) noexcept;
  void leave() noexcept;

  Gate* gate_ = nullptr;
};

class Gate::Close final : public detail::Waiter {
 public:
  explicit Close(Gate& gate) noexcept : Waiter(gate.closing_, detail::WakeOrder::kAll), gate_(gate) {}

  void await_resume() {
    const Taking taking{*this};
    gate_.left_by_all_ = true;
  }

 private:
  bool ready() noexcept override { return gate_.inside_ == 0; }
  [[nodiscard]] const char* primitive() const noexcept override { return "a Gate"; }
  Gate& gate_;
};

}  // namespace tern
