// The calls in flight as a page of JSON: Site::add_running_calls().
#pragma once

#include <functional>
#include <vector>

#include "tern/client/channel_info.h"
#include "tern/rest/message.h"
#include "tern/server/server.h"

namespace tern::rest {

/// The inspectors of a server and of channels. Server and channels may end before the page.
struct RunningCallSources {
  std::function<Task<ServerInfo>()> server;
  std::vector<std::function<Task<ChannelInfo>()>> channels;
};

Task<Response> running_calls_page(const RunningCallSources& sources);

}  // namespace tern::rest
