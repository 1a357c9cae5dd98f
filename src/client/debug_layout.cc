#include "client/debug_offsets.h"

#include "async/on_loop.h"
#include "client/channel_loop.h"
#include "client/client_call.h"
#include "client/client_connection.h"
#include "client/subchannel.h"

// The classes are not standard-layout. Both compilers give the offsets of their members all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace tern {

struct ClientFolder;

template <>
struct DebugLayout<ClientFolder> {
  static const DebugOffset* table() {
    using Held = OnLoop<ChannelLoop>::Held;
    static const std::array kTable{
        DebugOffset{"ChannelLoop.Held:LoopEnd", base_offset<LoopEnd, Held>()},
        DebugOffset{"ChannelLoop.Held.object", offsetof(Held, object)},
        DebugOffset{"ChannelLoop.connections",
                    offsetof(ChannelLoop, connections_) + offsetof(ChannelConnections, connections_)},
        DebugOffset{"ChannelLoop.waiting", offsetof(ChannelLoop, waiting_)},
        DebugOffset{"ChannelLoop.subchannels", offsetof(ChannelLoop, subchannels_)},
        DebugOffset{"Subchannel.waiting", offsetof(Subchannel, waiting_)},
        DebugOffset{"ConnectionWaiter:Node", base_offset<ListNode<ConnectionWaiter>, ConnectionWaiter>()},
        DebugOffset{"ClientConnection:Node", base_offset<ListNode<ClientConnection>, ClientConnection>()},
        DebugOffset{"ClientConnection.connection", offsetof(ClientConnection, connection_)},
        DebugOffset{"ClientCall.method", offsetof(ClientCall, head_) + offsetof(CallHead, method)},
        DebugOffset{"ClientCall.started_at", offsetof(ClientCall, started_at_)},
        DebugOffset{nullptr, 0},
    };
    return kTable.data();
  }
};

const DebugOffset* client_layout() { return DebugLayout<ClientFolder>::table(); }

}  // namespace tern
