// Exchange: one request and its response on their way, as HTTP/1.1 and HTTP/2 alike carry them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http2/memory_budget.h"
#include "server/refusal_log.h"
#include "tern/async/event.h"
#include "tern/rest/message.h"
#include "tern/rest/site.h"

namespace tern::rest {

/// Makes the responses: the site.
class Answering {
 public:
  /// Throws nothing but Cancelled.
  virtual Task<Response> answer(Request& request) const = 0;
  /// The response to a request that cannot be answered, in the form that the request's protocol has for errors.
  [[nodiscard]] virtual Response reject(const Request& request, const HttpError& error) const = 0;
  [[nodiscard]] virtual const SiteOptions& options() const noexcept = 0;
  [[nodiscard]] virtual const std::vector<RequestObserver*>& observers() const noexcept = 0;

 protected:
  ~Answering() = default;
};

/// Why a request's body is rejected that does not come, or cannot be read.
struct BodyRefusal {
  unsigned status;
  Refusal why;
  std::string_view text;
  /// For the protocols that tell codes.
  StatusCode code;
};
/// It did not come in time (SiteOptions::read_timeout).
inline constexpr BodyRefusal kBodyLate{408, Refusal::kStalled, "the body did not arrive in time",
                                       StatusCode::kDeadlineExceeded};
/// It did not go on while others waited for the memory that it holds.
inline constexpr BodyRefusal kBodyStalled{
    503, Refusal::kMessages,
    "the body was not gone on with, while others waited for the room (max_unfinished_bytes, max_long_message_bytes)",
    StatusCode::kResourceExhausted};

/// A request's body and its response on one version of HTTP. Each function that sends awaits until there is room for
/// more, and throws when the client stopped reading.
///
///   no head sent --head--> begun --finish()--> whole
///        |                   \---end_at_once()--> broken
///        \--end_at_once()--> 503
class Exchange : public BodySource {
 public:
  /// The response as far as it went out, for the observers.
  struct Sent {
    unsigned status = 0;  // 0: nothing
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] const Sent& sent() const noexcept { return sent_; }

  /// Names the request, which must outlive the exchange's job. Before answer_and_send().
  void begin(const Request& request) noexcept { request_ = &request; }
  /// Ends the exchange because the server's grace is over. Where no head was sent, 503 goes out at once; a response
  /// that has begun stays without its end. Afterwards nothing can be sent. The caller cancels the job, which may go on
  /// for a while.
  void end_at_once(const Answering& site);
  /// The same as soon as the job begins, so that the observers see the request.
  void end_when_begun() noexcept { ends_when_begun_ = true; }
  [[nodiscard]] bool ends_when_begun() const noexcept { return ends_when_begun_; }
  /// True when end_at_once() sent its 503 as a whole.
  [[nodiscard]] bool answered_at_once() const noexcept { return answered_at_once_; }

  /// A response begins, or goes on with so many bytes of its body. Throws Cancelled after end_at_once().
  void begin_head(unsigned status);
  void go_on(std::size_t bytes = 0);

  /// The connection's; null when that is lost.
  [[nodiscard]] virtual http2::MemoryBudget* memory() noexcept = 0;
  /// Logs the connection's first rejection, and notifies the site's observers of each.
  virtual void refused(Refusal why, std::string_view text) = 0;
  /// `length` of the body in bytes; 0: there is none, and nothing follows but finish().
  virtual Task<void> send_head(const Response& response, std::optional<std::size_t> length) = 0;
  virtual Task<void> send_piece(std::string piece) = 0;
  virtual Task<void> finish() = 0;
  void on_too_long() final;

 protected:
  ~Exchange() = default;

  /// Sends a whole response, without `pieces`, and without waiting. False when it could not be sent.
  virtual bool send_at_once(const Response& response) = 0;

  /// Awaits `arrived`; rejects the body when that is not set by `limit`, or when body_stalled() is called meanwhile.
  Task<void> await_body(Event& arrived, Clock::time_point limit);
  /// Others wait for the memory that the body holds. Has no effect unless the client is waited for in await_body().
  void body_stalled(Event& arrived);
  /// Throws HttpError.
  [[noreturn]] void reject_body(const BodyRefusal& refusal);
  [[nodiscard]] bool body_rejected() const noexcept { return rejected_; }

 private:
  const Request* request_ = nullptr;
  Sent sent_;
  bool ends_when_begun_ = false;
  bool over_ = false;  // nothing can be sent any more
  bool answered_at_once_ = false;
  bool stalled_ = false;
  bool rejected_ = false;
};

/// Tells the log, where it is the connection's first, and the site's observers.
void tell_refused(const Answering& site, RefusalLog* log, const Refused& refused) noexcept;

/// Lets `site` answer `request`, which `exchange` began with, and sends the response. Throws when it could not be sent
/// as a whole.
Task<void> answer_and_send(const Answering& site, Request& request, Exchange& exchange);

/// Responses with these statuses have none, and no length either (RFC 9110 §15.3.5, §15.4.5).
constexpr bool has_no_body(unsigned status) noexcept { return status == 204 || status == 304; }

/// The time as the field Date has it (RFC 9110 §5.6.7); good until the next call on this thread.
std::string_view date_now();

}  // namespace tern::rest
