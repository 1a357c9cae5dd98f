// Where members stand in the objects of this folder (tern/detail/debug_layout.h).
#pragma once

#include "async/debug_root.h"

namespace tern {

[[nodiscard]] const DebugOffset* server_layout();

}  // namespace tern
