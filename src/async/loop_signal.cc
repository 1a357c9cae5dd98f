#include "tern/detail/loop_signal.h"

namespace tern::detail {

void LoopSignal::signal() {
  if (here()) return signalled();
  // The read-modify-writes on both sides are one chain: a call that finds the flag set is seen by the post that clears
  // it.
  if (posted_.exchange(true, std::memory_order_acq_rel)) return;
  mailbox_->post([self = shared_from_this()] {
    self->posted_.exchange(false, std::memory_order_acq_rel);
    self->signalled();
  });
}

}  // namespace tern::detail
