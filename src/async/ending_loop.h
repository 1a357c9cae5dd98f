// The loop whose io_context is being destroyed: what belongs to it is destroyed on the spot, since no turn follows.
#pragma once

#include "tern/api.h"

namespace tern {

class Loop;

/// The loop that this thread is destroying; null outside of that.
[[nodiscard]] TERN_API const Loop* ending_loop() noexcept;

}  // namespace tern
