// FakeService: a service of a .proto file whose answers a test writes down, in place of another team's server. Real
// clients call it over real connections.
//
//   tern::testing::FakeService inventory{inventory::v1::Inventory::kName};
//   inventory.on("Reserve", {fails(tern::StatusCode::kUnavailable), replies(reserved)});   // first, and from then on
//   inventory.on("Release", never());
//   server.add_service(inventory);
//   …
//   EXPECT_EQ(inventory.calls().last("Reserve").request<ReserveRequest>().item(), "tea");
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/server/service.h"
#include "tern/testing/answer.h"
#include "tern/testing/recorded_calls.h"

namespace tern::testing {

/// Outlives the servers that it is added to. on() and calls() may be used on any thread, also while calls run.
class TERN_API FakeService final : public Service {
 public:
  /// `name` is "package.Service", of a service whose generated code is linked in. Throws std::invalid_argument for
  /// every other name.
  explicit FakeService(std::string_view name);
  ~FakeService() override;

  /// Answers the method's calls like this from now on: the first call with the first answer, and so on. The last answer
  /// holds for all further calls. A method without answers ends with UNIMPLEMENTED.
  /// Throws std::invalid_argument when the service has no such method, for a message of another type than the method's,
  /// and for an answer that sends none or several where the method has one.
  FakeService& on(std::string_view method, std::vector<Answer> answers);
  FakeService& on(std::string_view method, Answer answer);

  /// Asks a function for each answer. It is called on the call's loop when the request has come (of a client's stream:
  /// the last message, unless the server streams too). An AbortError ends the call, and so does another exception, with
  /// UNKNOWN.
  using Function = std::function<Answer(const RecordedCall&)>;
  FakeService& on(std::string_view method, Function function);

  /// The calls that have come. A call that was retried is there once for each attempt.
  [[nodiscard]] const RecordedCalls& calls() const noexcept { return calls_; }
  [[nodiscard]] RecordedCalls& calls() noexcept { return calls_; }

 private:
  class FakeMethod;
  FakeMethod& find(std::string_view method) const;

  RecordedCalls calls_;
  std::vector<FakeMethod*> methods_;  // owned by the base class
};

}  // namespace tern::testing
