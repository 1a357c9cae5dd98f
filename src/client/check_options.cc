#include "client/check_options.h"

#include <utility>

#include "call/option_check.h"

namespace tern {

namespace {

void check_backoff(const BackoffOptions& backoff) {
  require_positive("BackoffOptions::initial", backoff.initial);
  require_positive("BackoffOptions::maximum", backoff.maximum);
  // NaN fails every comparison, and so is rejected too.
  if (!(backoff.multiplier >= 1)) reject_option("BackoffOptions::multiplier", "is less than 1: delays would shrink");
  const bool from_0_to_1 = backoff.jitter >= 0 && backoff.jitter <= 1;
  if (!from_0_to_1) reject_option("BackoffOptions::jitter", "is not from 0 to 1");
}

}  // namespace

ChannelOptions checked(ChannelOptions options) {
  require_not_zero("ChannelOptions::max_receive_message_length", options.max_receive_message_length,
                   "every response would be rejected");
  require_not_zero("ChannelOptions::max_send_message_length", options.max_send_message_length,
                   "every request would be rejected");
  require_not_zero("ChannelOptions::max_metadata_size", options.max_metadata_size, "every response would be rejected");
  require_not_zero("ChannelOptions::max_metadata_fields", options.max_metadata_fields,
                   "every response would be rejected");
  require_not_zero("ChannelOptions::max_connections_per_server", options.max_connections_per_server,
                   "is 0: no call could be made; 1 is one connection");
  require_positive("ChannelOptions::connect_timeout", options.connect_timeout);
  require_positive("ChannelOptions::keepalive_time", options.keepalive_time);
  require_positive("ChannelOptions::keepalive_timeout", options.keepalive_timeout);
  require_positive("ChannelOptions::idle_timeout", options.idle_timeout);
  require_not_negative("ChannelOptions::min_time_between_resolutions", options.min_time_between_resolutions,
                       "that the channel looks after each loss");
  require_positive("ChannelOptions::resolve_every", options.resolve_every);
  check_backoff(options.backoff);
  if (options.in_process != nullptr && options.resolver != nullptr) {
    reject_option("ChannelOptions::in_process", "and resolver are both set: the server is in this process, or found");
  }
  if (options.in_process != nullptr && options.tls != nullptr) {
    reject_option("ChannelOptions::in_process", "and tls are both set: TLS is for sockets");
  }
  return options;
}

}  // namespace tern
