#include "rest/debug_layout.h"

#include "rest/http1_connection.h"
#include "rest/http2_exchange.h"
#include "rest/part.h"

// The classes are not standard-layout. Both compilers give the offsets of their members all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace tern {

struct RestFolder;

template <>
struct DebugLayout<RestFolder> {
  static const DebugOffset* table() {
    using rest::Http1Connection;
    using rest::Http2Exchange;
    using rest::Part;
    static const std::array kTable{
        DebugOffset{"Part.connections", offsetof(Part, connections_)},
        DebugOffset{"Part.exchanges", offsetof(Part, exchanges_)},
        DebugOffset{"Http1Connection:Node", base_offset<ListNode<Http1Connection>, Http1Connection>()},
        DebugOffset{"Http1Connection:Job", base_offset<Job, Http1Connection>()},
        DebugOffset{"Http1Connection.peer", offsetof(Http1Connection, peer_)},
        DebugOffset{"Http2Exchange:Node", base_offset<ListNode<Http2Exchange>, Http2Exchange>()},
        DebugOffset{"Http2Exchange:Job", base_offset<Job, Http2Exchange>()},
        DebugOffset{"Http2Exchange.peer", offsetof(Http2Exchange, request_) + offsetof(rest::Request, peer)},
        DebugOffset{nullptr, 0},
    };
    return kTable.data();
  }
};

const DebugOffset* rest::rest_layout() { return DebugLayout<RestFolder>::table(); }

}  // namespace tern
