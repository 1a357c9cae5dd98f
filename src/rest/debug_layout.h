// Where members stand in the objects of this folder (tern/detail/debug_layout.h).
#pragma once

#include "async/debug_root.h"

namespace tern::rest {

[[nodiscard]] const DebugOffset* rest_layout();

}  // namespace tern::rest
