#include "server/check_options.h"

#include "call/option_check.h"

namespace tern {

ServerOptions checked(const ServerOptions& options) {
  const auto require_count = [](const char* name, std::size_t value, const char* problem) {
    if (value == 0) reject_option(name, problem);
  };
  require_count("ServerOptions::max_receive_message_length", options.max_receive_message_length,
                "is 0: every request would be rejected");
  require_count("ServerOptions::max_send_message_length", options.max_send_message_length,
                "is 0: every response would be rejected");
  require_count("ServerOptions::max_concurrent_streams", options.max_concurrent_streams,
                "is 0: no client could make a call");
  require_not_negative("ServerOptions::handshake_timeout", options.handshake_timeout, "no limit");
  require_not_negative("ServerOptions::write_timeout", options.write_timeout, "no limit");
  require_not_negative("ServerOptions::keepalive_time", options.keepalive_time, "no keepalive");
  require_positive("ServerOptions::keepalive_timeout", options.keepalive_timeout);
  require_not_negative("ServerOptions::min_ping_interval", options.min_ping_interval, "no limit");
  require_not_negative("ServerOptions::max_connection_age", options.max_connection_age, "no limit");
  require_not_negative("ServerOptions::max_connection_age_grace", options.max_connection_age_grace, "no limit");
  require_not_negative("ServerOptions::max_connection_idle", options.max_connection_idle, "no limit");
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
