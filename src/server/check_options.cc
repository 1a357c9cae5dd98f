#include "server/check_options.h"

#include "call/option_check.h"

namespace tern {

ServerOptions checked(const ServerOptions& options) {
  require_not_zero("ServerOptions::max_receive_message_length", options.max_receive_message_length,
                   "every request would be rejected");
  require_not_zero("ServerOptions::max_send_message_length", options.max_send_message_length,
                   "every response would be rejected");
  require_not_zero("ServerOptions::max_metadata_size", options.max_metadata_size, "every request would be rejected");
  require_not_zero("ServerOptions::max_metadata_fields", options.max_metadata_fields,
                   "every request would be rejected");
  require_not_zero("ServerOptions::max_concurrent_streams", options.max_concurrent_streams,
                   "no client could make a call");
  require_positive("ServerOptions::handshake_timeout", options.handshake_timeout);
  require_positive("ServerOptions::write_timeout", options.write_timeout);
  require_not_zero("ServerOptions::max_connections", options.max_connections, "no client could connect");
  require_not_zero("ServerOptions::max_connections_per_address", options.max_connections_per_address,
                   "no client could connect");
  require_not_zero("ServerOptions::max_calls_in_flight", options.max_calls_in_flight, "every call would be rejected");
  require_not_zero("ServerOptions::max_buffered_bytes_per_connection", options.max_buffered_bytes_per_connection,
                   "calls beside each other could hold no message");
  require_not_zero("ServerOptions::max_buffered_bytes", options.max_buffered_bytes,
                   "calls beside each other could hold no message");
  require_not_zero("ServerOptions::max_unsent_bytes", options.max_unsent_bytes,
                   "new calls would wait for each response that is being sent");
  require_not_zero("ServerOptions::max_unfinished_bytes", options.max_unfinished_bytes,
                   "connections would receive one at a time");
  require_not_zero("ServerOptions::max_long_message_bytes", options.max_long_message_bytes,
                   "long messages would come in one at a time");
  require_positive("ServerOptions::keepalive_time", options.keepalive_time);
  require_positive("ServerOptions::keepalive_timeout", options.keepalive_timeout);
  require_positive("ServerOptions::min_ping_interval", options.min_ping_interval);
  require_positive("ServerOptions::max_connection_age", options.max_connection_age);
  require_positive("ServerOptions::max_connection_age_grace", options.max_connection_age_grace);
  require_positive("ServerOptions::max_connection_idle", options.max_connection_idle);
  require_not_zero("ServerOptions::max_workers", options.max_workers,
                   "is 0: no synchronous handler could run; default_max_workers() is the default");
  require_not_negative("ServerOptions::blocked_handlers_timeout", options.blocked_handlers_timeout,
                       "that nobody waits for blocked handlers");
  return options;
}

void check_options(const StopOptions& options) {
  require_not_negative("StopOptions::grace", options.grace, "that running calls are cancelled at once");
  require_not_negative("StopOptions::delay", options.delay, "that the server stops at once");
  require_not_negative("StopOptions::http1_idle", options.http1_idle, "that idle connections are closed at once");
}

}  // namespace tern
