#include "transport/debug_layout.h"

#include "http2/session.h"
#include "http2/stream.h"
#include "transport/connection.h"

// The classes are not standard-layout. Both compilers give the offsets of their members all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace tern {

struct TransportFolder;

template <>
struct DebugLayout<TransportFolder> {
  static const DebugOffset* table() {
    using transport::Connection;
    static const std::array kTable{
        DebugOffset{"Connection.peer", offsetof(Connection, peer_)},
        DebugOffset{"Connection.streams", offsetof(Connection, session_) + offsetof(http2::Session, streams_)},
        DebugOffset{"Stream:Node", base_offset<ListNode<http2::Stream>, http2::Stream>()},
        DebugOffset{nullptr, 0},
    };
    return kTable.data();
  }
};

const DebugOffset* transport::connection_layout() { return DebugLayout<TransportFolder>::table(); }

}  // namespace tern
