// The loop whose io_context is being destroyed: what belongs to it is destroyed on the spot, since no turn follows.
#pragma once

namespace tern {

class Loop;

/// The loop that this thread is destroying; null outside of that.
[[nodiscard]] const Loop* ending_loop() noexcept;

}  // namespace tern
