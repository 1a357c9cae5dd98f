// Options of a server and of its stop whose values make no sense: std::invalid_argument that names the option.
#pragma once

#include "tern/server/server.h"

namespace tern {

/// Gives the options back.
ServerOptions checked(const ServerOptions& options);
void check_options(const StopOptions& options);

}  // namespace tern
