// CallRecorder: records the calls of a channel as its client saw them.
//
//   tern::testing::CallRecorder recorder;
//   channel.add_interceptor(recorder);
//   …
//   EXPECT_EQ(recorder.calls().last("GetUser").request<GetUserRequest>().id(), 7);
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "tern/api.h"
#include "tern/client/interceptor.h"
#include "tern/testing/recorded_calls.h"

namespace tern::testing {

/// Outlives the channels that it is added to. A call with several attempts is one call here. Its metadata are those
/// that were sent, with what later interceptors and credentials added.
class TERN_API CallRecorder final : public ClientInterceptor {
 public:
  [[nodiscard]] const RecordedCalls& calls() const noexcept { return calls_; }
  [[nodiscard]] RecordedCalls& calls() noexcept { return calls_; }

  Task<Status> intercept(ClientContext& context, Next next) override;
  void on_request(ClientContext& context, MessageRef message) override;
  void on_response(ClientContext& context, MessageRef message) override;

 private:
  /// The record of one ClientCall. A unary call's request comes before the call begins, and messages of a call that
  /// has ended may be read later.
  struct Known {
    std::vector<std::string> requests;
    std::shared_ptr<RecordedCalls::Entry> entry;
  };

  std::shared_ptr<RecordedCalls::Entry> begin(const ClientContext& context, RecordedCall recorded);

  RecordedCalls calls_;
  std::mutex mutex_;
  std::unordered_map<const ClientContext*, Known> known_;
};

}  // namespace tern::testing
