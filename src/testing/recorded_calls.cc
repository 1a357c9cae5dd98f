#include "tern/testing/recorded_calls.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "tern/async/event.h"
#include "tern/async/loop.h"

namespace tern::testing {

namespace {

bool is_of(const RecordedCall& call, std::string_view method) {
  if (method.empty() || call.method == method) return true;
  return !method.starts_with('/') && std::string_view{call.method}.substr(call.method.rfind('/') + 1) == method;
}

/// A coroutine that waits for calls, on its own loop.
struct Watcher {
  std::shared_ptr<LoopMailbox> home;
  Event changed;
};

}  // namespace

void RecordedCall::parse_into(const std::vector<std::string>& messages, std::size_t index, const char* what,
                              google::protobuf::MessageLite& message) const {
  if (index >= messages.size()) {
    throw std::out_of_range(method + " has no " + what + " " + std::to_string(index) + ": it has " +
                            std::to_string(messages.size()));
  }
  if (!message.ParseFromString(messages[index])) {
    throw std::invalid_argument("a " + std::string{what} + " of " + method + " is not a " +
                                std::string{message.GetTypeName()});
  }
}

struct RecordedCalls::Shared {
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Entry>> entries;
  std::vector<std::weak_ptr<Watcher>> watchers;

  // With the lock held.
  void changed() {
    std::erase_if(watchers, [](const std::weak_ptr<Watcher>& each) {
      const std::shared_ptr<Watcher> watcher = each.lock();
      if (watcher != nullptr) watcher->home->post([watcher] { watcher->changed.set(); });
      return watcher == nullptr;
    });
  }
};

std::shared_ptr<RecordedCalls::Shared> RecordedCalls::make_shared() { return std::make_shared<Shared>(); }

// Entries keep what they share with each other, which keeps them.
RecordedCalls::~RecordedCalls() {
  std::vector<std::shared_ptr<Entry>> entries;
  const std::lock_guard lock{shared_->mutex};
  entries.swap(shared_->entries);
}

std::vector<RecordedCall> RecordedCalls::all(std::string_view method) const {
  const std::lock_guard lock{shared_->mutex};
  std::vector<RecordedCall> calls;
  for (const auto& entry : shared_->entries) {
    if (is_of(entry->call_, method)) calls.push_back(entry->call_);
  }
  return calls;
}

std::size_t RecordedCalls::count(std::string_view method) const {
  const std::lock_guard lock{shared_->mutex};
  return static_cast<std::size_t>(
      std::ranges::count_if(shared_->entries, [method](const auto& entry) { return is_of(entry->call_, method); }));
}

RecordedCall RecordedCalls::last(std::string_view method) const {
  const std::vector<RecordedCall> calls = all(method);
  if (calls.empty()) {
    throw std::out_of_range("no call" + (method.empty() ? "" : " of " + std::string{method}) + " was recorded");
  }
  return calls.back();
}

void RecordedCalls::clear() {
  const std::lock_guard lock{shared_->mutex};
  std::erase_if(shared_->entries, [](const auto& entry) { return entry->call_.status.has_value(); });
}

Task<void> RecordedCalls::begun(std::size_t count, std::string_view method) const {
  return wait(count, std::string{method}, false);
}

Task<void> RecordedCalls::ended(std::size_t count, std::string_view method) const {
  return wait(count, std::string{method}, true);
}

Task<void> RecordedCalls::wait(std::size_t count, std::string method, bool for_end) const {
  const std::shared_ptr<Shared> shared = shared_;
  const auto watcher = std::make_shared<Watcher>();
  watcher->home = Loop::require_current("RecordedCalls").mailbox();
  for (;;) {
    watcher->changed.clear();
    {
      const std::lock_guard lock{shared->mutex};
      const auto counted = std::ranges::count_if(shared->entries, [&](const auto& entry) {
        return is_of(entry->call_, method) && (!for_end || entry->call_.status);
      });
      if (static_cast<std::size_t>(counted) >= count) co_return;
      std::erase_if(shared->watchers, [&](const auto& each) { return each.expired() || each.lock() == watcher; });
      shared->watchers.push_back(watcher);
    }
    co_await watcher->changed.wait();
  }
}

std::shared_ptr<RecordedCalls::Entry> RecordedCalls::add(RecordedCall call) {
  auto entry = std::make_shared<Entry>(shared_, std::move(call));
  const std::lock_guard lock{shared_->mutex};
  shared_->entries.push_back(entry);
  shared_->changed();
  return entry;
}

RecordedCalls::Entry::Entry(std::shared_ptr<Shared> shared, RecordedCall call)
    : shared_(std::move(shared)), call_(std::move(call)) {}

void RecordedCalls::Entry::add_request(std::string bytes) {
  const std::lock_guard lock{shared_->mutex};
  call_.requests.push_back(std::move(bytes));
}

void RecordedCalls::Entry::add_response(std::string bytes) {
  const std::lock_guard lock{shared_->mutex};
  call_.responses.push_back(std::move(bytes));
}

void RecordedCalls::Entry::end(Status status, const Metadata& initial, const Metadata& trailing) {
  const std::lock_guard lock{shared_->mutex};
  call_.status = std::move(status);
  call_.ended_at = Clock::now();
  call_.initial_metadata = initial;
  call_.trailing_metadata = trailing;
  shared_->changed();
}

void RecordedCalls::Entry::set_metadata(const Metadata& metadata) {
  const std::lock_guard lock{shared_->mutex};
  call_.metadata = metadata;
}

bool RecordedCalls::Entry::ended() const {
  const std::lock_guard lock{shared_->mutex};
  return call_.status.has_value();
}

RecordedCall RecordedCalls::Entry::copy() const {
  const std::lock_guard lock{shared_->mutex};
  return call_;
}

}  // namespace tern::testing
