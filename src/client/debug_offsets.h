// Where members stand in the objects of this folder (tern/detail/debug_layout.h). Apart from client/debug_layout.cc,
// which includes nearly all of the folder.
#pragma once

#include "async/debug_root.h"

namespace tern {

[[nodiscard]] const DebugOffset* client_layout();

}  // namespace tern
