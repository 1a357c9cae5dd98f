// All that generated code needs.
#pragma once

#include "tern/client/blocking_call.h"        // IWYU pragma: export
#include "tern/client/stream_call.h"          // IWYU pragma: export
#include "tern/client/unary_call.h"           // IWYU pragma: export
#include "tern/rpc/make.h"                    // IWYU pragma: export
#include "tern/rpc/proto_comments.h"          // IWYU pragma: export
#include "tern/server/arena_handler.h"        // IWYU pragma: export
#include "tern/server/method_handler.h"       // IWYU pragma: export
#include "tern/server/sync_method_handler.h"  // IWYU pragma: export
#include "tern/server/unimplemented.h"        // IWYU pragma: export
