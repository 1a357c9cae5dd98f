#include "tern/rest/server_events.h"

#include <exception>
#include <stdexcept>
#include <string_view>

#include "call/option_check.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/task_group.h"

namespace tern::rest {

namespace {

constexpr std::string_view kContentType = "text/event-stream";
constexpr std::string_view kComment = ":\n\n";

void add_line(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ": ";
  text += value;
  text += '\n';
}

/// One line of the stream ends with CR LF, LF or CR, and so does one of the data.
void add_lines(std::string& text, std::string_view data) {
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    add_line(text, "data", data.substr(0, end));
    if (end == std::string_view::npos) return;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

void require_one_line(std::string_view what, std::string_view value, std::string_view forbidden) {
  if (value.find_first_of(forbidden) == std::string_view::npos) return;
  throw std::invalid_argument("the " + std::string{what} + " of a server-sent event must be one line of text");
}

/// The next event, between the job that makes events and the one that sends them.
struct Slot {
  std::optional<ServerEvent> event;
  std::exception_ptr error;
  bool ended = false;
  Event filled;
  Event emptied;
};

Task<void> fill(Slot& slot, AsyncGenerator<ServerEvent> events) {
  try {
    while (std::optional<ServerEvent> event = co_await events.next()) {
      slot.event = std::move(event);
      slot.emptied.clear();
      slot.filled.set();
      co_await slot.emptied.wait();
    }
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.ended = true;
  slot.filled.set();
}

AsyncGenerator<std::string> texts_of(AsyncGenerator<ServerEvent> events,
                                     std::optional<std::chrono::nanoseconds> keep_alive) {
  Slot slot;
  TaskGroup filler;  // behind the slot that it fills
  filler.may_be_dropped();
  filler.spawn(fill(slot, std::move(events)));
  for (;;) {
    slot.filled.clear();
    if (!slot.event && !slot.ended) {
      std::optional<Clock::time_point> limit;
      if (keep_alive) limit = Clock::now() + *keep_alive;
      const bool filled = co_await slot.filled.wait(limit);
      if (!filled) {
        std::string comment{kComment};
        co_yield std::move(comment);
        continue;
      }
    }
    if (slot.event) {
      std::string text = to_text(*slot.event);
      slot.event.reset();
      slot.emptied.set();
      co_yield std::move(text);
    } else if (slot.ended) {
      if (slot.error) std::rethrow_exception(slot.error);
      co_return;
    }
  }
}

}  // namespace

std::string to_text(const ServerEvent& event) {
  require_one_line("type", event.type, "\r\n");
  require_one_line("id", event.id, std::string_view{"\r\n\0", 3});
  std::string text;
  if (!event.type.empty()) add_line(text, "event", event.type);
  if (!event.id.empty()) add_line(text, "id", event.id);
  if (event.retry) add_line(text, "retry", std::to_string(event.retry->count()));
  if (!event.data.empty()) add_lines(text, event.data);
  return text + '\n';
}

Response server_events(AsyncGenerator<ServerEvent> events, std::optional<std::chrono::nanoseconds> keep_alive) {
  if (keep_alive) require_positive("server_events(): keep_alive", *keep_alive);
  Response response = Response::stream(kContentType, texts_of(std::move(events), keep_alive));
  response.fields.add("cache-control", "no-cache");
  response.fields.add("x-accel-buffering", "no");  // nginx would hold events back until its buffer is full
  return response;
}

}  // namespace tern::rest
