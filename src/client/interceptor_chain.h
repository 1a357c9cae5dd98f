// InterceptorChain: the job that runs a call's interceptors, credentials and the call itself, one inside of the other.
// Only calls that have interceptors or credentials have one; it ends after the call itself does.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>

#include "client/call_head.h"
#include "tern/async/event.h"
#include "tern/async/job.h"
#include "tern/async/task.h"
#include "tern/client/interceptor.h"
#include "tern/rpc/status.h"

namespace tern {

class CallCredentials;
class ChannelConfig;

class InterceptorChain : public Job {
 public:
  /// A job beside the one that makes the call. `context` is what interceptors see; it, `config` and `head` outlive the
  /// chain.
  InterceptorChain(ClientContext& context, const ChannelConfig& config, CallHead& head);
  /// The interceptors' frames go before what they await.
  ~InterceptorChain() override { destroy_body(); }

  void begin();
  /// The call itself has ended. Only the first time has an effect.
  void call_ended(Status status, std::string peer);

  /// True once begin_call() was called.
  [[nodiscard]] bool call_begun() const noexcept { return call_begun_; }
  [[nodiscard]] bool call_has_ended() const noexcept { return status_.has_value(); }
  /// The peer of the call itself, which has ended.
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

 private:
  /// The interceptors around the call itself.
  class Parts;

  /// The interceptors and the credentials are done: begins the call itself.
  virtual void begin_call() = 0;
  /// All is over, with this status.
  virtual void chain_ended(Status status) = 0;

  Task<void> run();
  Task<Status> run_call();
  Task<Status> add_credentials(CallCredentials& credentials);
  void finished(std::exception_ptr error) override;

  ClientContext& context_;
  const ChannelConfig& config_;
  CallHead& head_;
  bool call_begun_ = false;
  std::optional<Status> status_;  // of the call itself
  std::string peer_;
  Event call_ended_;
};

}  // namespace tern
