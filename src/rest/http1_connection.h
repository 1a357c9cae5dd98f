// One HTTP/1.1 connection: a request, its answer, and the next (RFC 9112).
//
//   reading a head --whole--> answering --sent--> reading a head ...
//        \-- broken, too long --> refusing -> closed      (the client's leaving while one is answered cancels it)
#pragma once

#include <sys/uio.h>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "rest/exchange.h"
#include "tern/async/event.h"
#include "tern/async/intrusive_list.h"
#include "tern/async/job.h"
#include "transport/byte_stream.h"

namespace tern::rest {

class Part;

class Http1Connection final : public Job,
                              public ListNode<Http1Connection>,
                              private transport::ByteStreamEvents,
                              private http2::Intake::Receiver,
                              private Exchange {
 public:
  /// `first_bytes` have been read of it already.
  Http1Connection(Part& part, std::unique_ptr<transport::ByteStream> stream, std::string first_bytes);
  ~Http1Connection() override { destroy_body(); }

  void start() { Job::start(serve()); }
  /// The request that is being answered is the last.
  void begin_stop();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  Task<void> serve();
  /// Whether there is a whole head.
  Task<bool> read_head(Parser& parser);
  /// Says so, and that the connection ends.
  Task<void> refuse(unsigned status, std::string why);
  void refused(Refusal why, std::string_view text) override;
  Task<void> answer(Parser& parser);
  /// Whether the connection may go on after what is left of the body.
  Task<bool> skip_body();
  Task<void> linger();
  /// Awaits bytes behind those that are there; false when none come any more, or not by then.
  Task<bool> read_more(Clock::time_point limit);
  Task<void> write(std::span<iovec> pieces);
  Task<void> write(std::string_view text);

  [[nodiscard]] http2::MemoryBudget* memory() noexcept override { return &memory_; }
  Task<std::optional<std::string>> read_body() override;
  void on_held(std::size_t bytes) override { memory_.intake().change(std::exchange(held_, bytes), bytes); }
  std::size_t on_room(std::size_t bytes) override;
  void on_stalled() override;
  [[noreturn]] void refuse_body(const BodyRefusal& refusal);
  /// Awaits that more of the body may be held, where all connections hold much.
  Task<void> turn_to_receive();
  Task<void> send_head(const Response& response, std::optional<std::size_t> length) override;
  Task<void> send_piece(std::string piece) override;
  Task<void> finish() override;

  void on_readable() override;
  void on_writable() override { writable_.set(); }
  void want_read();
  void finished(std::exception_ptr error) override;

  [[nodiscard]] std::string_view input() const noexcept { return std::string_view{input_}.substr(taken_); }
  void take(std::size_t size);

  Part& part_;
  http2::MemoryBudget memory_;
  std::unique_ptr<transport::ByteStream> stream_;
  std::string peer_;
  std::string input_;  // read and not used up
  std::size_t taken_ = 0;
  bool reading_ = false;  // on_readable will come
  bool ended_ = false;    // the client sends nothing any more
  Event arrived_;
  Event writable_;
  Event room_;
  std::size_t held_ = 0;      // of a body, by who puts it together
  std::size_t may_take_ = 0;  // of it, without asking again
  bool stalled_ = false;
  Parser* parser_ = nullptr;  // of the request that is being answered
  bool answering_ = false;
  bool stopping_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;  // the response that is being sent
  bool expects_continue_ = false;
  RefusalLog refusals_;
};

}  // namespace tern::rest
