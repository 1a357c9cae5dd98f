// Where members stand in the objects of this folder and of http2/ (tern/detail/debug_layout.h).
#pragma once

#include "async/debug_root.h"

namespace tern::transport {

[[nodiscard]] const DebugOffset* connection_layout();

}  // namespace tern::transport
