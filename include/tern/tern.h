// Everything that a program on tern needs besides its generated code: coroutines, Server, Channel.
#pragma once

#include "tern/async.h"           // IWYU pragma: export
#include "tern/client/channel.h"  // IWYU pragma: export
#include "tern/log.h"             // IWYU pragma: export
#include "tern/rpc/status.h"      // IWYU pragma: export
#include "tern/server/server.h"   // IWYU pragma: export
#include "tern/version.h"         // IWYU pragma: export
