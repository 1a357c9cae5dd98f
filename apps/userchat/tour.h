// The tour: plays the document against a running server.
#pragma once

#include <string>

#include "tern/async/task.h"

namespace userchat {

/// Prints what the document's programs print; throws tern::RpcError when there is no server.
tern::Task<void> tour(std::string target);

}  // namespace userchat
