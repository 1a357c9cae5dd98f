// Connection: one to PostgreSQL, on libpq's non-blocking interface, in pipeline mode: several statements go out
// together and are answered in order, each on its own (a synchronisation point after each).
#pragma once

#include <libpq-fe.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "postgres/cancel_requests.h"
#include "postgres/query.h"
#include "postgres/result.h"
#include "tern/async.h"

namespace userchat::postgres {

struct Options {
  // No aggregate: g++ 12 destroys those twice that are written inside of a co_await expression.
  explicit Options(std::string its_url) : url(std::move(its_url)) {}

  /// postgresql://user:password@host:port/database?…, or "host=… dbname=…": whatever libpq takes.
  std::string url;
  /// At most so many; they are opened when statements wait for one.
  std::size_t connections = 20;
  std::chrono::milliseconds connect_timeout{5'000};
  /// The server ends a statement that takes longer.
  std::chrono::milliseconds statement_timeout{30'000};
  /// A server that says nothing for so long, with a statement to answer, is given up, and its connection closed.
  std::chrono::milliseconds longest_silence{35'000};
  /// How long a statement waits while there is no connection; then it fails with kNoConnection.
  std::chrono::milliseconds patience{10'000};
};

class Connection {
 public:
  /// Connects. Throws Error (kNoConnection) when that does not succeed in time.
  static tern::Task<std::unique_ptr<Connection>> open(const Options& options, CancelRequests& cancels);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Statements in text, one after the other, the last one's result; before prepare(). Throws Error.
  tern::Task<Result> script(std::string sql);

  /// Prepares the statements, which are numbered from 0, for carry_out(). Throws Error.
  tern::Task<void> prepare(std::span<const Statement> statements);

  /// `text` as SQL writes it, for script().
  [[nodiscard]] std::string quoted(const std::string& text) const;

  /// Sends all of `batch`, and gives each its result or its error. Returns those that have neither: the connection was
  /// lost, or somebody else's cancellation hit them.
  tern::Task<std::vector<Query*>> carry_out(std::vector<Query*> batch);

  /// Whether it is known to be of no more use.
  [[nodiscard]] bool lost() const noexcept { return broken_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  /// The same, after a look at what the server has sent meanwhile.
  [[nodiscard]] bool lost_meanwhile() noexcept;

  /// Nobody awaits it any more: if it is being carried out now, the server is asked to stop.
  void abandon(const Query& query) noexcept;

 private:
  Connection(const Options& options, CancelRequests& cancels)
      : cancels_(cancels), longest_silence_(options.longest_silence) {}
  tern::Task<void> connect(const Options& options);
  /// Watches the socket that libpq has now.
  void watch();
  /// Until the socket is ready, or has been silent for too long: then it is broken.
  tern::Task<void> wait(boost::asio::posix::stream_descriptor::wait_type what);
  tern::Task<void> wait_for_socket(boost::asio::posix::stream_descriptor::wait_type what);
  tern::Task<void> flush();
  tern::Task<PGresult*> next_result();
  /// What came up to the synchronisation point: the last rows, or the first error. Neither where the connection was
  /// lost.
  struct Outcome {
    std::optional<Result> rows;
    std::optional<Error> problem;
  };
  tern::Task<Outcome> outcome();
  tern::Task<void> answer(Query*& query);
  [[nodiscard]] Error error(const char* sqlstate, const char* doing) const;

  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  CancelRequests& cancels_;
  std::chrono::milliseconds longest_silence_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> socket_;  // of a duplicate: libpq closes its own
  std::vector<Query*> batch_;                                      // null: nobody awaits it any more
  std::size_t current_ = 0;                                        // that the server carries out
  std::size_t cancels_under_way_ = 0;                              // that have ended no statement yet
  bool broken_ = false;  // silent for too long, or the answers are not those of the statements
};

}  // namespace userchat::postgres
