#include "tern/testing/call_recorder.h"

#include <utility>

#include "tern/client/client_call.h"
#include "testing/message_bytes.h"
#include "testing/recording.h"

namespace tern::testing {

Task<Status> CallRecorder::intercept(ClientCall& call, Next next) {
  RecordedCall recorded;
  recorded.method = call.method();
  recorded.metadata = call.metadata();
  recorded.begun_at = Clock::now();
  if (call.deadline()) recorded.timeout = *call.deadline() - recorded.begun_at;
  const Recording recording{begin(call, std::move(recorded))};
  Status status = co_await next();
  recording->set_metadata(call.metadata());
  recording->end(status, call.initial_metadata(), call.trailing_metadata());
  co_return status;
}

std::shared_ptr<RecordedCalls::Entry> CallRecorder::begin(const ClientCall& call, RecordedCall recorded) {
  const std::lock_guard lock{mutex_};
  Known& known = known_[&call];
  // With an entry, it is of a call that is gone, whose address this one has.
  if (known.entry == nullptr) recorded.requests = std::move(known.requests);
  known.requests.clear();
  known.entry = calls_.add(std::move(recorded));
  return known.entry;
}

void CallRecorder::on_request(ClientCall& call, MessageRef message) {
  const std::lock_guard lock{mutex_};
  Known& known = known_[&call];
  if (known.entry != nullptr && !known.entry->ended()) return known.entry->add_request(bytes_of(message));
  if (known.entry != nullptr) known = Known{};
  known.requests.push_back(bytes_of(message));
}

void CallRecorder::on_response(ClientCall& call, MessageRef message) {
  const std::lock_guard lock{mutex_};
  if (const auto known = known_.find(&call); known != known_.end() && known->second.entry != nullptr) {
    known->second.entry->add_response(bytes_of(message));
  }
}

}  // namespace tern::testing
