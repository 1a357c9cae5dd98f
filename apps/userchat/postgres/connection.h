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
#include "postgres/database_address.h"
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
  /// For each address of the database's servers, unless the URL has a connect_timeout.
  std::chrono::milliseconds connect_timeout{5'000};
  /// Ends a statement that takes longer, unless the URL, the role or the database has a statement_timeout. The server
  /// does it; behind a pooler, whose sessions are not ours to set up, the client does.
  std::chrono::milliseconds statement_timeout{30'000};
  /// A server that says nothing for so long, with a statement to answer, is given up, and its connection closed.
  std::chrono::milliseconds longest_silence{35'000};
  /// How long a statement waits while there is no connection; then it fails with kNoConnection.
  std::chrono::milliseconds patience{10'000};
};

class Connection {
 public:
  /// Connects to the first server that answers in time, among those whose names resolve and whose sessions are of the
  /// kind that the URL wants (target_session_attrs). Throws Error (kNoConnection), which says what was wrong with each.
  static tern::Task<std::unique_ptr<Connection>> open(const Options& options, CancelRequests& cancels);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Statements in text, one after the other, the last one's result; before prepare(). Throws Error.
  tern::Task<Result> script(std::string sql);

  /// Prepares the statements, which are numbered from 0, for carry_out(). They must outlive the connection. Throws
  /// Error.
  tern::Task<void> prepare(std::span<const Statement> statements);

  /// Waits for a notification (NOTIFY) of a channel that script("LISTEN …") has named; before prepare(). Returns false
  /// if none has come within `limit`, or the connection was lost. Those that have come until now count as one.
  tern::Task<bool> wait_for_notification(std::chrono::milliseconds limit);

  /// True behind a pooler, which gives each transaction another session perhaps: notifications do not arrive then.
  [[nodiscard]] bool pooled() const noexcept { return pooled_; }

  /// `text` as SQL writes it, for script().
  [[nodiscard]] std::string quoted(const std::string& text) const;

  /// Sends all of `batch`, and gives each its result or its error. Returns those that have neither: the connection was
  /// lost, somebody else's cancellation hit them, or they were not prepared in this session any more.
  tern::Task<std::vector<Query*>> carry_out(std::vector<Query*> batch);

  /// Whether it is known to be of no more use.
  [[nodiscard]] bool lost() const noexcept { return broken_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  /// True if later statements must go to another connection: this session is not as it was set up any more.
  [[nodiscard]] bool outdated() const noexcept { return outdated_ || read_only_; }
  /// True if the server accepts no writes: it is a replica now, or its administrator has said so.
  [[nodiscard]] bool read_only() const noexcept { return read_only_; }
  /// The same as lost(), after a look at what the server has sent meanwhile.
  [[nodiscard]] bool lost_meanwhile() noexcept;

  /// Nobody awaits it any more: if it is being carried out now, the server is asked to stop.
  void abandon(const Query& query) noexcept;

 private:
  Connection(const Options& options, CancelRequests& cancels)
      : cancels_(cancels), statement_timeout_(options.statement_timeout), longest_silence_(options.longest_silence) {}
  /// Returns what went wrong; empty after success.
  tern::Task<std::string> try_to_connect(Keywords keywords, std::string wanted, std::chrono::milliseconds limit);
  tern::Task<void> connect(Keywords keywords, std::string wanted);
  /// Finds out whether a pooler is in between, and sets the session's timeout and encoding. Throws Error if the server
  /// is not of the kind that is `wanted` (target_session_attrs).
  tern::Task<void> set_up_session(std::string wanted);
  /// Watches the socket that libpq has now.
  void watch();
  /// Until the socket is ready, or has been silent for too long: then it is broken.
  tern::Task<void> wait(boost::asio::posix::stream_descriptor::wait_type what);
  /// Returns whether the socket was ready within `limit`.
  tern::Task<bool> ready_within(std::chrono::milliseconds limit, boost::asio::posix::stream_descriptor::wait_type what);
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
  /// Returns whether there were any.
  bool take_notifications();
  bool send(const Query& query);
  /// Fails the statement that takes too long, and asks the server to stop it.
  void stop_current();
  /// `query` is the statement that `problem` ended; null where nobody awaits it any more.
  [[nodiscard]] bool cancelled_by_us(const Error& problem, const Query* query) const;
  [[nodiscard]] Error error(const char* sqlstate, const char* doing) const;

  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  CancelRequests& cancels_;
  std::chrono::milliseconds statement_timeout_;
  std::chrono::milliseconds longest_silence_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> socket_;  // of a duplicate: libpq closes its own
  std::vector<Query*> batch_;                                      // null: nobody awaits it any more
  std::size_t current_ = 0;                                        // that the server carries out
  tern::Clock::time_point current_since_;                          // when its answer was first waited for
  std::size_t cancels_under_way_ = 0;                              // that have ended no statement yet
  std::span<const Statement> statements_;
  bool pooled_ = false;     // a pooler may give each transaction another session: nothing is prepared in it by name
  bool broken_ = false;     // silent for too long, or the answers are not those of the statements
  bool outdated_ = false;   // what was prepared in the session is gone, or fits the tables no longer
  bool read_only_ = false;  // an INSERT was rejected
};

}  // namespace userchat::postgres
