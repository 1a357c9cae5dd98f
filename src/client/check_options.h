// Options of a channel whose values make no sense, or contradict each other: std::invalid_argument that names the
// option.
#pragma once

#include "tern/client/channel_options.h"

namespace tern {

/// Gives the options back.
ChannelOptions checked(ChannelOptions options);

}  // namespace tern
