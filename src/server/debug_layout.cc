#include "server/debug_layout.h"

#include "async/on_loop.h"
#include "server/server_call.h"
#include "server/server_connection.h"
#include "server/server_loop.h"

// The classes are not standard-layout. Both compilers give the offsets of their members all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace tern {

struct ServerFolder;

template <>
struct DebugLayout<ServerFolder> {
  static const DebugOffset* table() {
    using Held = OnLoop<ServerLoop>::Held;
    static const std::array kTable{
        DebugOffset{"ServerLoop.Held:LoopEnd", base_offset<LoopEnd, Held>()},
        DebugOffset{"ServerLoop.Held.object", offsetof(Held, object)},
        DebugOffset{"ServerLoop.connections", offsetof(ServerLoop, connections_)},
        DebugOffset{"ServerLoop.http_parts", offsetof(ServerLoop, http_parts_)},
        DebugOffset{"ServerConnection:Node", base_offset<ListNode<ServerConnection>, ServerConnection>()},
        DebugOffset{"ServerConnection.calls", offsetof(ServerConnection, calls_)},
        DebugOffset{"ServerConnection.connection", offsetof(ServerConnection, connection_)},
        DebugOffset{"ServerCall:Node", base_offset<ListNode<ServerCall>, ServerCall>()},
        DebugOffset{"ServerCall:Job", base_offset<Job, ServerCall>()},
        DebugOffset{"ServerCall.running", offsetof(ServerCall, running_)},
        DebugOffset{"ServerCall.started_at", offsetof(ServerCall, started_at_)},
        DebugOffset{nullptr, 0},
    };
    return kTable.data();
  }
};

const DebugOffset* server_layout() { return DebugLayout<ServerFolder>::table(); }

}  // namespace tern
