// Server-sent events: a response that a browser's EventSource reads event by event (HTML standard, "Server-sent
// events").
//
//   tern::AsyncGenerator<tern::rest::ServerEvent> ticks() {
//     for (int i = 0;; ++i) {
//       tern::rest::ServerEvent event{std::to_string(i)};
//       event.id = std::to_string(i);
//       co_yield event;
//       co_await tern::sleep(1s);
//     }
//   }
//   site.route("GET", "/ticks", [](tern::rest::Request&) -> tern::Task<tern::rest::Response> {
//     co_return tern::rest::server_events(ticks());
//   });
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/rest/message.h"

namespace tern::rest {

class ServerEvent {
 public:
  explicit ServerEvent(std::string its_data = {}) : data(std::move(its_data)) {}

  /// The text for the page; may have several lines. A browser drops an event without data, but keeps its id and retry.
  std::string data;
  /// The event's type. Empty is "message".
  std::string type;
  /// The browser sends it as Last-Event-ID when it connects again. An empty id is not sent: the last one stays.
  std::string id;
  /// How long the browser waits before it connects again.
  std::optional<std::chrono::milliseconds> retry;
};

/// The event as on the wire. Throws std::invalid_argument for a type with a line break, and for an id with a line break
/// or a zero byte.
TERN_API std::string to_text(const ServerEvent& event);

/// A response that ends when `events` ends. The events run in a job of their own that inherits the request's deadline
/// and trace; a client that leaves destroys it where it stands.
/// `keep_alive`: a comment is sent when no event came for this long, so that proxies do not close a quiet stream and a
/// client that has gone is found; std::nullopt sends none. 0 is rejected with std::invalid_argument.
TERN_API Response server_events(AsyncGenerator<ServerEvent> events,
                                std::optional<std::chrono::nanoseconds> keep_alive = std::chrono::seconds{15});

}  // namespace tern::rest
