// Http1Exchange: one request's body and its response on an HTTP/1.1 connection.
//
// Where the next request begins depends on this one's body. The response's head therefore says whether the connection
// goes on, and holds to it: a body that will not be read is followed by nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http2/intake.h"
#include "http2/memory_budget.h"
#include "rest/exchange.h"
#include "rest/http1_body_reader.h"
#include "rest/http1_head_reader.h"
#include "rest/http1_stream.h"
#include "tern/async/event.h"

namespace tern::rest {

/// What an HTTP/1.1 connection lends to each of its exchanges; all of it outlives them.
struct Http1Context {
  Http1Stream& stream;
  http2::MemoryBudget& memory;
  const Answering& site;
  const std::string& peer;
  RefusalLog& refusals;
};

/// All on the loop.
class Http1Exchange final : public Exchange, private http2::Intake::Receiver {
 public:
  Http1Exchange(const Http1Context& context, const Http1Head& head);
  Http1Exchange(const Http1Exchange&) = delete;
  Http1Exchange& operator=(const Http1Exchange&) = delete;
  ~Http1Exchange() { Http1Exchange::on_held(0); }

  /// The response's head, where it is not sent yet, says that the connection closes.
  void close_after() noexcept { keep_alive_ = false; }
  /// True when the client was told that the connection goes on. skip_body() must then succeed.
  [[nodiscard]] bool keeps_connection() const noexcept { return keep_alive_; }
  /// Reads and drops what is left of the body. Throws HttpError when it does not come.
  Task<void> skip_body();

  [[nodiscard]] http2::MemoryBudget* memory() noexcept override { return &context_.memory; }
  void refused(Refusal why, std::string_view text) override;
  Task<std::optional<std::string>> read_body() override;
  void on_held(std::size_t bytes) override;
  Task<void> send_head(const Response& response, std::optional<std::size_t> length) override;
  Task<void> send_piece(std::string piece) override;
  Task<void> finish() override;

 private:
  bool send_at_once(const Response& response) override;
  std::size_t on_room(std::size_t bytes) override;
  void on_stalled() override { body_stalled(context_.stream.arrived()); }

  /// Content of the body that has arrived, up to a piece; empty when none has.
  std::string decode_arrived();
  [[nodiscard]] bool may_skip_rest() const;
  Task<void> tell_to_continue();
  /// Awaits that more of the body may be held, where all connections hold much. Gives whether it had to wait.
  Task<bool> turn_to_receive();

  const Http1Context& context_;
  Http1BodyReader body_;
  bool is_head_;  // the method is HEAD
  bool knows_chunks_;
  bool expects_continue_;
  bool keep_alive_;
  bool chunked_ = false;      // the response that is being sent
  std::string waiting_head_;  // of the response: it is sent with what comes next
  Event room_;
  std::size_t held_ = 0;      // of the body, by the handler
  std::size_t may_take_ = 0;  // of the body, without asking again
};

}  // namespace tern::rest
