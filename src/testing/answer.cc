#include "tern/testing/answer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tern/rpc/metadata.h"

namespace tern::testing {

void Answer::add(Step step) {
  if (ended()) throw std::logic_error("an Answer goes on after its end: fail() and never_end() are last steps");
  steps_.push_back(std::move(step));
}

std::size_t Answer::messages() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(steps_, [](const Step& step) { return std::holds_alternative<Message>(step); }));
}

bool Answer::ended() const noexcept {
  return !steps_.empty() &&
         (std::holds_alternative<Fail>(steps_.back()) || std::holds_alternative<NeverEnd>(steps_.back()));
}

Answer& Answer::send(const google::protobuf::MessageLite& message) & {
  add(Message{std::string{message.GetTypeName()}, message.SerializePartialAsString()});
  return *this;
}
Answer Answer::send(const google::protobuf::MessageLite& message) && { return std::move(send(message)); }

Answer& Answer::wait(std::chrono::nanoseconds time) & {
  if (time.count() < 0) throw std::invalid_argument("an Answer cannot wait for a negative time");
  add(Wait{time});
  return *this;
}
Answer Answer::wait(std::chrono::nanoseconds time) && { return std::move(wait(time)); }

Answer& Answer::trailing_metadata(std::string_view key, std::string_view value) & {
  Metadata{}.add(key, value);  // throws here, and not in the handler
  add(Entry{true, std::string{key}, std::string{value}});
  return *this;
}
Answer Answer::trailing_metadata(std::string_view key, std::string_view value) && {
  return std::move(trailing_metadata(key, value));
}

Answer& Answer::initial_metadata(std::string_view key, std::string_view value) & {
  if (messages() > 0) throw std::logic_error("an Answer's initial metadata come before its first message");
  Metadata{}.add(key, value);
  add(Entry{false, std::string{key}, std::string{value}});
  return *this;
}
Answer Answer::initial_metadata(std::string_view key, std::string_view value) && {
  return std::move(initial_metadata(key, value));
}

Answer& Answer::fail(StatusCode code, std::string details) & { return fail(Status{code, std::move(details)}); }
Answer Answer::fail(StatusCode code, std::string details) && { return std::move(fail(code, std::move(details))); }
Answer& Answer::fail(Status status) & {
  if (status.ok()) throw std::invalid_argument("an Answer does not fail with OK: leave fail() out");
  add(Fail{std::move(status)});
  return *this;
}
Answer Answer::fail(Status status) && { return std::move(fail(std::move(status))); }

Answer& Answer::never_end() & {
  add(NeverEnd{});
  return *this;
}
Answer Answer::never_end() && { return std::move(never_end()); }

Answer replies(const google::protobuf::MessageLite& message) { return Answer{}.send(message); }
Answer fails(StatusCode code, std::string details) { return Answer{}.fail(code, std::move(details)); }
Answer fails(Status status) { return Answer{}.fail(std::move(status)); }
Answer after(std::chrono::nanoseconds time) { return Answer{}.wait(time); }
Answer never() { return Answer{}.never_end(); }

}  // namespace tern::testing
