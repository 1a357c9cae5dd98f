// SentObservation: tells a client's observers of one request, from before it is sent until its response has been read.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "call/notify.h"
#include "tern/rest/client_observer.h"

namespace tern::rest {

/// Shared by a client and its streams, which may outlive it.
using ClientObservers = std::vector<ClientObserver*>;

/// Destroyed before finished() or failed(), it says that the request was cancelled, or "timeout" where that took
/// `timeout` or longer.
class SentObservation {
 public:
  SentObservation(std::shared_ptr<const ClientObservers> observers, SentRequest request,
                  std::chrono::nanoseconds timeout)
      : observers_(std::move(observers)), request_(std::move(request)), timeout_(timeout), begun_at_(Clock::now()) {
    notify(*observers_, [this](ClientObserver& observer) { observer.on_request_begun(request_); });
  }
  SentObservation(const SentObservation&) = delete;
  SentObservation& operator=(const SentObservation&) = delete;
  ~SentObservation() {
    const Clock::duration took = Clock::now() - begun_at_;
    if (failure_ == kCancelled && took >= timeout_) failure_ = "timeout";
    const EndedSentRequest ended{.request = request_, .status = status_, .failure = failure_, .took = took};
    notify(*observers_, [&ended](ClientObserver& observer) { observer.on_request_ended(ended); });
  }

  [[nodiscard]] const SentRequest& request() const noexcept { return request_; }
  /// The response's head has come.
  void answered(unsigned status) noexcept { status_ = status; }
  /// The response was read to its end.
  void finished() noexcept { failure_.clear(); }
  void failed(std::string_view why) { failure_ = why; }

 private:
  static constexpr std::string_view kCancelled = "cancelled";

  std::shared_ptr<const ClientObservers> observers_;
  SentRequest request_;
  std::chrono::nanoseconds timeout_;
  Clock::time_point begun_at_;
  unsigned status_ = 0;
  std::string failure_{kCancelled};
};

}  // namespace tern::rest
