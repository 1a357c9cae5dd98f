// All that generated code needs.
#pragma once

#include "tern/client/blocking_call.h"   // IWYU pragma: export
#include "tern/client/stream_call.h"     // IWYU pragma: export
#include "tern/client/unary_call.h"      // IWYU pragma: export
#include "tern/detail/arena_handlers.h"  // IWYU pragma: export
#include "tern/detail/proto_comments.h"  // IWYU pragma: export
#include "tern/detail/sync_handlers.h"   // IWYU pragma: export
#include "tern/detail/typed_handlers.h"  // IWYU pragma: export
#include "tern/detail/unimplemented.h"   // IWYU pragma: export
#include "tern/rpc/make.h"               // IWYU pragma: export
#include "tern/server/service.h"         // IWYU pragma: export
