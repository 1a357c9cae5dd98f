// Http1Connection: one HTTP/1.1 connection as a job: a request, its response, and the next (RFC 9112).
//
//   reading a head --whole--> answering --sent, both sides go on--> reading a head ...
//        \                        \-----sent, one side does not---> lingering -> closed
//         \-- rejected -> sending why -> lingering -> closed
//
// A client that leaves while its request is answered cancels the handler.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http2/memory_budget.h"
#include "rest/http1_exchange.h"
#include "rest/http1_head_reader.h"
#include "rest/http1_stream.h"
#include "server/refusal_log.h"
#include "tern/async/job.h"
#include "tern/detail/intrusive_list.h"
#include "tern/detail/timer_queue.h"
#include "transport/byte_stream.h"

namespace tern::rest {

class Part;

class Http1Connection final : public Job, public ListNode<Http1Connection>, private Http1Stream::Events {
 public:
  /// `first_bytes` were read from `stream` before.
  Http1Connection(Part& part, std::unique_ptr<transport::ByteStream> stream, std::string first_bytes);
  ~Http1Connection() override { destroy_body(); }

  void start() { Job::start(serve()); }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  /// The next request is the last. Before start().
  void serve_one() noexcept { stopping_ = true; }
  /// The request that is being answered is the last. Without one, the connection stays open for `idle`, for one
  /// request.
  void begin_stop(std::chrono::nanoseconds idle);
  /// The server's grace is over (Exchange::end_at_once).
  void end_at_once();

 private:
  template <class Folder>
  friend struct tern::DebugLayout;
  Task<void> serve();
  /// Gives whether `reader` is done. It is not when the client left, or took too long.
  Task<bool> read_head(Http1HeadReader& reader);
  /// Says why, and that the connection closes.
  Task<void> reject(Http1HeadReader& reader);
  /// Gives whether the connection goes on.
  Task<bool> answer(Http1Head head);
  void refused(Refusal why, std::string_view text);
  void idle_for_too_long();

  void on_client_left() override;
  void on_write_timeout() override;
  void finished(std::exception_ptr error) override;

  Part& part_;
  http2::MemoryBudget memory_;
  Http1Stream stream_;
  std::string peer_;
  std::string_view scheme_;
  RefusalLog refusals_;
  Http1Context context_;
  std::optional<Http1Exchange> exchange_;  // while a request is answered
  bool responded_ = false;                 // to the last request
  bool stopping_ = false;
  MemberTimer<Http1Connection, &Http1Connection::idle_for_too_long> idle_end_{*this};
};

}  // namespace tern::rest
