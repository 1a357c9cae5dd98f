#include "telemetry/batch_exporter.h"

#include <utility>

#include "text/log.h"

// One job takes batches from the queue and sends as many of them at once as are full, up to kMostAtOnce: under load a
// loop answers late, and with one request at a time its items would come faster than they go. While a batch is tried
// again further items wait, as many as may.
namespace tern::telemetry {

namespace {

constexpr std::chrono::minutes kBetweenOverflowLines{1};

/// Requests under way at once (OTLP specification, "OTLP/gRPC Concurrent Requests").
constexpr std::size_t kMostAtOnce = 8;

}  // namespace

BatchExporter::BatchExporter(const OtlpOptions& options, const Signal& signal, std::chrono::nanoseconds send_every)
    : sender_(options, signal), send_every_(options.send_every.value_or(send_every)) {
  sending_.may_be_dropped();
  sending_.spawn(send_until_closed());
}

void BatchExporter::add(std::string bytes) {
  const OtlpOptions& options = sender_.options();
  bool now_enough = false;
  {
    const std::lock_guard lock{mutex_};
    const bool full =
        waiting_.size() >= options.most_waiting || waiting_bytes_ + bytes.size() > options.most_waiting_bytes;
    if (closed_ || full) {
      if (!closed_) ++overflowed_;
      sender_.count_dropped(1);
      return;
    }
    waiting_bytes_ += bytes.size();
    waiting_.push_back(std::move(bytes));
    now_enough = waiting_.size() == options.most_at_once;
  }
  if (!now_enough) return;
  if (Loop::current() == &sender_.loop()) {
    enough_->set();
  } else {
    sender_.loop().post([enough = enough_] { enough->set(); });
  }
}

Task<void> BatchExporter::send_until_closed() {
  mark_as_exporting();
  do {
    co_await enough_->wait(Clock::now() + send_every_);
    enough_->clear();
    co_await send_waiting();
    log_overflow();
  } while (!sender_.closing().is_set());
}

std::vector<ExportItem> BatchExporter::take_waiting() {
  std::vector<ExportItem> items;
  std::size_t bytes = 0;
  const std::lock_guard lock{mutex_};
  while (items.size() < sender_.options().most_at_once && !waiting_.empty()) {
    const std::size_t size = waiting_.front().size();
    bytes += size;
    if (!items.empty() && bytes > kMostBatchBytes) break;
    waiting_bytes_ -= size;
    items.push_back({.bytes = std::move(waiting_.front())});
    waiting_.pop_front();
  }
  return items;
}

// Items that do not fill a batch wait for the next time, unless this is the last.
Task<void> BatchExporter::send_waiting() {
  const std::size_t whole = sender_.options().most_at_once;
  bool more = true;
  while (more) {
    bool accepted = true;
    TaskGroup batches;
    for (std::size_t started = 0; more && started < kMostAtOnce; ++started) {
      std::vector<ExportItem> items = take_waiting();
      if (!items.empty()) batches.spawn(send_one(std::move(items), accepted));
      more = has_waiting(sender_.closing().is_set() ? 1 : whole);
    }
    co_await batches.join();
    // At the end, items that wait are dropped once the collector has not accepted a batch.
    more = sender_.closing().is_set() ? accepted && has_waiting(1) : has_waiting(whole);
  }
}

Task<void> BatchExporter::send_one(std::vector<ExportItem> items, bool& all_accepted) {
  const bool accepted = co_await sender_.send(std::move(items));
  all_accepted = all_accepted && accepted;
}

bool BatchExporter::has_waiting(std::size_t items) {
  const std::lock_guard lock{mutex_};
  return waiting_.size() >= items;
}

void BatchExporter::log_overflow() {
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock{mutex_};
    if (overflowed_ == 0 || (Clock::now() < log_overflow_at_ && !sender_.closing().is_set())) return;
    lost = std::exchange(overflowed_, 0);
  }
  log_overflow_at_ = Clock::now() + kBetweenOverflowLines;
  log_warning("telemetry",
              "{}: {} {} are lost, {} or {} bytes were waiting for the collector at {} (OtlpOptions::most_waiting, "
              "most_waiting_bytes)",
              sender_.signal().name, lost, sender_.signal().items, sender_.options().most_waiting,
              sender_.options().most_waiting_bytes, sender_.options().collector);
}

Task<void> BatchExporter::finish() {
  enough_->set();
  co_await sending_.join();
}

void BatchExporter::drop_waiting() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  sender_.count_dropped(waiting_.size());
  waiting_.clear();
  waiting_bytes_ = 0;
}

Task<void> BatchExporter::close() {
  co_await sender_.close(finish());
  drop_waiting();
}

}  // namespace tern::telemetry
