#include "tern/testing/call_recorder.h"

#include <utility>

#include "testing/message_bytes.h"
#include "testing/recording.h"

namespace tern::testing {

Task<Status> CallRecorder::intercept(ClientContext& context, Next next) {
  RecordedCall recorded;
  recorded.method = context.method();
  recorded.metadata = context.metadata();
  recorded.begun_at = Clock::now();
  if (context.deadline()) recorded.timeout = *context.deadline() - recorded.begun_at;
  const Recording recording{begin(context, std::move(recorded))};
  Status status = co_await next();
  recording->set_metadata(context.metadata());
  recording->end(status, context.initial_metadata(), context.trailing_metadata());
  co_return status;
}

std::shared_ptr<RecordedCalls::Entry> CallRecorder::begin(const ClientContext& context, RecordedCall recorded) {
  const std::lock_guard lock{mutex_};
  Known& known = known_[&context];
  // With an entry, it is of a call that is gone, whose address this one has.
  if (known.entry == nullptr) recorded.requests = std::move(known.requests);
  known.requests.clear();
  known.entry = calls_.add(std::move(recorded));
  return known.entry;
}

void CallRecorder::on_request(ClientContext& context, MessageRef message) {
  const std::lock_guard lock{mutex_};
  Known& known = known_[&context];
  if (known.entry != nullptr && !known.entry->ended()) return known.entry->add_request(bytes_of(message));
  if (known.entry != nullptr) known = Known{};
  known.requests.push_back(bytes_of(message));
}

void CallRecorder::on_response(ClientContext& context, MessageRef message) {
  const std::lock_guard lock{mutex_};
  if (const auto known = known_.find(&context); known != known_.end() && known->second.entry != nullptr) {
    known->second.entry->add_response(bytes_of(message));
  }
}

}  // namespace tern::testing
