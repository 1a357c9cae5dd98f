#include "postgres/pool.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace userchat::postgres {

namespace {

// Sent together at most: more would wait behind a slow one while another connection is free.
constexpr std::size_t kMostAtOnce = 8;
// With their parameters beyond this, statements go alone: both ends could otherwise wait for the other to read.
constexpr std::size_t kMostBytesAtOnce = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2'000};

}  // namespace

Pool::Pool(Options options, std::vector<Statement> statements)
    : options_(std::move(options)), statements_(std::move(statements)) {
  for (std::size_t i = 0; i < options_.connections; ++i) workers_.spawn(work());
}

tern::Task<Result> Pool::execute(std::size_t number, std::vector<std::string> parameters) {
  Query query{number, std::move(parameters), tern::Clock::now() + options_.patience};
  put(query);
  co_return co_await query.result.wait();
}

void Pool::put(Query& query) {
  queue_.push_back(query);
  query.queue_size = &queue_size_;
  ++queue_size_;
  if (!idle_with_connection_.notify_one()) idle_.notify_one();
}

void Pool::leave_queue(Query& query) noexcept {
  query.unlink();
  query.queue_size = nullptr;
  --queue_size_;
}

std::vector<Query*> Pool::take() {
  const std::size_t most = std::clamp<std::size_t>(queue_size_ / options_.connections, 1, kMostAtOnce);
  std::vector<Query*> batch;
  batch.reserve(most);
  std::size_t bytes = 0;
  while (batch.size() < most && !queue_.empty()) {
    for (const std::string& parameter : queue_.front().parameters) bytes += parameter.size();
    if (!batch.empty() && bytes > kMostBytesAtOnce) break;
    batch.push_back(&queue_.front());
    leave_queue(*batch.back());
  }
  return batch;
}

tern::Task<void> Pool::work() {
  std::unique_ptr<Connection> connection;
  std::size_t epoch = 0;  // when it was opened
  std::chrono::milliseconds pause = kFirstPause;
  bool rested = false;
  for (;;) {
    // No more connections are opened than there are statements that wait.
    const auto has_work = [this, connected = connection != nullptr] {
      return queue_size_ > (connected ? 0 : connecting_);
    };
    if (!has_work()) {
      tern::Condition& idle = connection ? idle_with_connection_ : idle_;
      co_await idle.wait(has_work);
      rested = true;
    }
    if (connection && std::exchange(rested, false) && connection->lost_meanwhile()) connection.reset();
    if (epoch != epoch_) connection.reset();
    if (!connection) {
      epoch = epoch_;
      ++connecting_;
      const bool connected = co_await connect(connection);
      if (!connected) co_await tern::sleep(pause);
      --connecting_;
      if (!connected) {
        pause = std::min(2 * pause, kLongestPause);
        continue;
      }
    }
    pause = kFirstPause;
    std::vector<Query*> batch = take();
    if (batch.empty()) continue;
    const std::vector<Query*> unanswered = co_await connection->carry_out(std::move(batch));
    const bool lost = connection->lost();
    // The others lead to the same server. The next statement of each looks for the primary anew.
    if (connection->read_only() && epoch == epoch_) ++epoch_;
    if (lost || connection->outdated()) connection.reset();
    give_back(unanswered, lost);
  }
}

tern::Task<bool> Pool::connect(std::unique_ptr<Connection>& connection) {
  std::optional<Error> problem;
  try {
    connection = co_await Connection::open(options_, cancels_);
    co_await connection->prepare(statements_);
  } catch (const Error& error) {
    problem = error;
  }
  if (!problem) co_return true;
  connection.reset();
  fail_impatient(*problem);
  co_return false;
}

void Pool::give_back(const std::vector<Query*>& unanswered, bool lost) {
  for (Query* query : unanswered) {
    if (lost && !statements_[query->statement].repeatable) {
      query->fail(Error(kOutcomeUnknown,
                        "the connection to the database was lost; whether the statement was carried out is not known"));
      continue;
    }
    put(*query);
  }
}

void Pool::fail_impatient(const Error& problem) {
  const tern::Clock::time_point now = tern::Clock::now();
  for (auto next = queue_.begin(); next != queue_.end();) {
    Query& query = *next++;
    if (query.patience > now) continue;
    leave_queue(query);
    query.fail(problem);
  }
}

}  // namespace userchat::postgres
