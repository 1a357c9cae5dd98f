// Hedging: one call sent several times, a delay apart, in the hope that one server is quick. The first response is the
// call's; the other attempts are cancelled (A6 of gRPC's proposals, "hedging policy").
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "client/service_config.h"
#include "tern/client/client_call.h"

namespace tern {

class ClientCall::Hedging final : private Timer {
 public:
  /// `policy` lives as long as the call.
  Hedging(ClientCall& call, const HedgingPolicy& policy);
  Hedging(const Hedging&) = delete;
  Hedging& operator=(const Hedging&) = delete;
  ~Hedging();

  /// The first attempt, or one more if there may be one.
  void send_next();
  /// Cancels the attempts that are under way; there will be no others.
  void stop() noexcept;

 private:
  class Attempt;
  void expired() noexcept override { send_next(); }
  /// `attempt` has the response: its stream becomes the call's.
  void won(Attempt& attempt, const http2::HeaderBlockRef& block, std::string_view aside, bool ended);
  /// It ended without one; `block` is what its server said, if it said something.
  void failed(Status status, const rpc::ResponseBlock* block, bool unprocessed);
  [[nodiscard]] bool is_fatal(const Status& status) const;
  [[nodiscard]] bool may_send_more() const noexcept;
  [[nodiscard]] std::size_t under_way() const noexcept;

  ClientCall& call_;
  const HedgingPolicy& policy_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  int sent_ = 0;
  bool stopped_ = false;  // no more attempts: the server asked for it, or the call is decided
  Status last_;           // of the attempts that failed
};

}  // namespace tern
