#include "tern/async/gate.h"

#include "text/log.h"

namespace tern {

Gate::~Gate() {
  if (inside_ > 0) {
    log_error("async", "a Gate was destroyed with {} inside: await close() first", inside_);
  }
}

Gate::Pass Gate::enter() {
  if (closed_) throw GateClosed{};
  return Pass{*this};
}

std::optional<Gate::Pass> Gate::try_enter() noexcept {
  if (closed_) return std::nullopt;
  return Pass{*this};
}

Gate::Close Gate::close() {
  if (left_by_all_) throw std::logic_error("a Gate is closed once: an earlier close() has ended");
  if (!closing_.empty()) throw std::logic_error("a Gate is closed once: another coroutine awaits close()");
  closed_ = true;
  return Close{*this};
}

void Gate::Pass::steal(Pass& other) noexcept {
  if (!other.linked()) return;
  other.unlink();
  gate_ = other.gate_;
  gate_->passes_.push_back(*this);
}

void Gate::Pass::leave() noexcept {
  if (!linked()) return;
  unlink();
  if (--gate_->inside_ == 0) gate_->closing_.notify_all();
}

}  // namespace tern
