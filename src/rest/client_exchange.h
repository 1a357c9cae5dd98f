// ClientExchange: one request and its response, whichever version of HTTP carries them. The request is written by a job
// of its own, so that a server may answer, and refuse the rest, while the body is still on its way.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "rest/body_inflater.h"
#include "rest/client_codec.h"
#include "rest/sent_observation.h"
#include "tern/async/task.h"
#include "tern/async/task_group.h"
#include "tern/rest/client.h"

namespace tern::rest {

class ClientExchange {
 public:
  /// `observation` may be null.
  ClientExchange(std::unique_ptr<ClientCodec> codec, const ClientOptions& options,
                 std::unique_ptr<SentObservation> observation)
      : codec_(std::move(codec)), timeout_(options.timeout), observation_(std::move(observation)) {}
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;
  ~ClientExchange() {
    if (observation_ != nullptr && codec_->answered() && codec_->ended()) observation_->finished();
  }

  /// Begins to write. Takes the request's pieces and copies its body.
  void begin(RequestHead head, ClientRequest& request);

  /// Awaits the head of the final response; interim responses are skipped. Throws ClientError.
  Task<ResponseHead> read_head();
  /// The body from now on comes decompressed.
  void inflate(std::unique_ptr<BodyInflater> inflater) { inflater_ = std::move(inflater); }
  /// Awaits the next piece of the body; nothing at its end. Throws ClientError, and what the request's pieces threw.
  Task<std::optional<std::string>> read_body();

  /// For the client's observers: the exchange has failed.
  void failed(std::string_view why) {
    if (observation_ != nullptr) observation_->failed(why);
  }
  /// The same: nobody wants the rest of the response, which is as good as whole.
  void finished() noexcept {
    if (observation_ != nullptr) observation_->finished();
  }

  [[nodiscard]] const ClientCodec& codec() const noexcept { return *codec_; }

 private:
  Task<void> write(RequestHead head, std::string body, AsyncGenerator<std::string> pieces,
                   std::optional<std::uint64_t> length);
  Task<void> write_pieces(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> length) const;
  Task<std::optional<std::string>> read_plain();
  /// Awaits that more of the response has come, or its end.
  Task<void> await_more();

  std::unique_ptr<ClientCodec> codec_;
  std::chrono::nanoseconds timeout_;
  std::unique_ptr<SentObservation> observation_;
  std::unique_ptr<BodyInflater> inflater_;
  bool written_ = false;               // the whole request
  std::exception_ptr write_failure_;   // of the connection
  std::exception_ptr pieces_failure_;  // of the request's own pieces
  TaskGroup writer_;                   // the last member: destroyed first, it still uses the others
};

}  // namespace tern::rest
