#include "tern/testing/fake_service.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tern/async/event.h"
#include "tern/async/sleep.h"
#include "tern/async/task_group.h"
#include "tern/detail/method_handler.h"
#include "tern/detail/server_call.h"
#include "tern/server/reader.h"
#include "tern/server/server_context.h"
#include "testing/recording.h"

namespace tern::testing {

namespace {

const google::protobuf::ServiceDescriptor& described(std::string_view name) {
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string{name});
  if (found == nullptr) {
    throw std::invalid_argument(
        "there is no service \"" + std::string{name} +
        "\" for a FakeService: give \"package.Service\" of a .proto file whose generated code is "
        "linked in");
  }
  return *found;
}

}  // namespace

/// One method: its answers, and the handler that gives them.
class FakeService::FakeMethod final : public MethodHandler {
 public:
  FakeMethod(const google::protobuf::MethodDescriptor& descriptor, RecordedCalls& calls)
      : MethodHandler(descriptor.client_streaming() ? Requests::kStream : Requests::kOne),
        descriptor_(descriptor),
        calls_(calls) {}

  [[nodiscard]] std::string_view name() const noexcept { return descriptor_.name(); }

  void set(std::vector<Answer> answers) {
    if (answers.empty()) throw std::invalid_argument(title() + " has no answer: give at least one");
    for (const Answer& answer : answers) check(answer);
    const std::lock_guard lock{mutex_};
    answers_ = std::move(answers);
    next_ = 0;
    function_ = {};
  }
  void set(Function function) {
    const std::lock_guard lock{mutex_};
    function_ = std::move(function);
    answers_.clear();
  }

  Task<void> handle(ServerCall& call) override {
    const Recording recording{calls_.add(begun(call))};
    try {
      co_await answer(call, recording.entry());
    } catch (const AbortError& error) {
      end(call, recording, error.status());
      throw;
    } catch (const Cancelled&) {
      end(call, recording, why_cancelled(call));
      throw;
    } catch (const std::exception& error) {
      end(call, recording, Status{StatusCode::kUnknown, error.what()});
      throw;
    }
    end(call, recording, Status{});
  }

 private:
  [[nodiscard]] std::string title() const { return std::string{descriptor_.full_name()}; }

  void check(const Answer& answer) const {
    const std::string type{descriptor_.output_type()->full_name()};
    for (const Answer::Step& step : answer.steps()) {
      const auto* message = std::get_if<Answer::Message>(&step);
      if (message != nullptr && message->type != type) {
        throw std::invalid_argument(title() + " answers with " + type + ", not with " + message->type);
      }
    }
    if (descriptor_.server_streaming() || (answer.messages() == 1) || (answer.messages() == 0 && answer.ended()))
      return;
    throw std::invalid_argument(title() + " answers with one message, or fails, and not with " +
                                std::to_string(answer.messages()) + " messages");
  }

  static RecordedCall begun(ServerCall& call) {
    RecordedCall recorded;
    recorded.method = detail::context_of(call).method();
    recorded.metadata = detail::context_of(call).metadata();
    recorded.begun_at = Clock::now();
    recorded.timeout = detail::context_of(call).time_remaining();
    return recorded;
  }

  static void end(ServerCall& call, const Recording& recording, Status status) {
    recording->end(std::move(status), detail::context_of(call).initial_metadata(),
                   detail::context_of(call).trailing_metadata());
  }

  static Status why_cancelled(ServerCall& call) {
    if (detail::context_of(call).time_remaining() == Clock::duration::zero()) {
      return Status{StatusCode::kDeadlineExceeded, "the deadline passed"};
    }
    return Status{StatusCode::kCancelled, "the client or the server's end cancelled it"};
  }

  Task<void> answer(ServerCall& call, std::shared_ptr<RecordedCalls::Entry> entry) {
    if (requests() == Requests::kOne) {
      RawMessage request;
      detail::take_request(call, request);
      entry->add_request(std::move(request.bytes));
      co_await play(call, entry, nullptr);
      co_return;
    }
    Event all_read;
    TaskGroup reading;
    reading.spawn(read_all(call, entry, all_read));
    co_await play(call, entry, &all_read);
    reading.cancel();
    co_await reading.join();
  }

  static Task<void> read_all(ServerCall& call, std::shared_ptr<RecordedCalls::Entry> entry, Event& all_read) {
    Reader<RawMessage> requests{call};
    while (std::optional<RawMessage> request = co_await requests.next()) entry->add_request(std::move(request->bytes));
    all_read.set();
  }

  /// The one response of a client's stream waits for the stream's end: `all_read`, else null.
  Task<void> play(ServerCall& call, std::shared_ptr<RecordedCalls::Entry> entry, Event* all_read) {
    const bool waits_for_requests = all_read != nullptr && !descriptor_.server_streaming();
    if (waits_for_requests && asks_function()) co_await all_read->wait();
    const Answer answer = choose(*entry);
    for (const Answer::Step& step : answer.steps()) {
      if (const auto* message = std::get_if<Answer::Message>(&step)) {
        if (waits_for_requests) co_await all_read->wait();
        const RawMessage raw{message->bytes};
        entry->add_response(message->bytes);
        if (descriptor_.server_streaming()) {
          co_await detail::write(call, raw);
        } else {
          detail::send_message(call, raw);
        }
      } else if (const auto* pause = std::get_if<Answer::Wait>(&step)) {
        co_await sleep(pause->time);
      } else if (const auto* metadata = std::get_if<Answer::Entry>(&step)) {
        ServerContext& context = detail::context_of(call);
        (metadata->trailing ? context.trailing_metadata() : context.initial_metadata())
            .add(metadata->key, metadata->value);
      } else if (const auto* failure = std::get_if<Answer::Fail>(&step)) {
        ServerContext::abort(failure->status);
      } else {
        Event never;
        co_await never.wait();
      }
    }
  }

  [[nodiscard]] bool asks_function() const {
    const std::lock_guard lock{mutex_};
    return function_ != nullptr;
  }

  Answer choose(const RecordedCalls::Entry& entry) {
    std::unique_lock lock{mutex_};
    if (function_) {
      const Function function = function_;
      lock.unlock();
      Answer answer = function(entry.copy());
      check(answer);
      return answer;
    }
    if (answers_.empty()) {
      ServerContext::abort(StatusCode::kUnimplemented, "the FakeService has no answer for " + title() + ": on(\"" +
                                                           std::string{name()} + "\", …) gives it one");
    }
    Answer answer = answers_[next_];
    if (next_ + 1 < answers_.size()) ++next_;
    return answer;
  }

  const google::protobuf::MethodDescriptor& descriptor_;
  RecordedCalls& calls_;
  mutable std::mutex mutex_;
  std::vector<Answer> answers_;
  std::size_t next_ = 0;  // in answers_
  Function function_;
};

FakeService::FakeService(std::string_view name) : Service(std::string{name}) {
  const google::protobuf::ServiceDescriptor& descriptor = described(name);
  for (int i = 0; i < descriptor.method_count(); ++i) {
    auto method = std::make_unique<FakeMethod>(*descriptor.method(i), calls_);
    methods_.push_back(method.get());
    add_method(std::string{descriptor.method(i)->name()}, std::move(method));
  }
}

FakeService::~FakeService() = default;

FakeService& FakeService::on(std::string_view method, std::vector<Answer> answers) {
  find(method).set(std::move(answers));
  return *this;
}
FakeService& FakeService::on(std::string_view method, Answer answer) {
  return on(method, std::vector<Answer>{std::move(answer)});
}
FakeService& FakeService::on(std::string_view method, Function function) {
  if (!function) throw std::invalid_argument("a FakeService was given an empty function for " + std::string{method});
  find(method).set(std::move(function));
  return *this;
}

FakeService::FakeMethod& FakeService::find(std::string_view method) const {
  const auto found = std::ranges::find(methods_, method, &FakeMethod::name);
  if (found != methods_.end()) return **found;
  std::string known;
  for (const FakeMethod* each : methods_) known += (known.empty() ? "" : ", ") + std::string{each->name()};
  throw std::invalid_argument(name() + " has no method \"" + std::string{method} + "\"; it has " + known);
}

}  // namespace tern::testing
