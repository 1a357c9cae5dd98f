// Pool: connections to one database, shared by the calls of one loop.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "postgres/connection.h"
#include "postgres/query.h"
#include "tern/async.h"

namespace userchat::postgres {

/// On the loop that it was made on. Statements wait for a free connection in order; where more wait than there are
/// connections, each takes several at once. Connections are opened when statements wait for them. A connection that was
/// lost is opened again, and so are all when one of them finds that the server accepts no writes any more.
class Pool {
 public:
  Pool(Options options, std::vector<Statement> statements);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// The rows of statement `number` with these parameters, when it is committed. Throws Error: PostgreSQL's, or
  /// kNoConnection, or, where it was sent but its answer got lost and it is not repeatable, kOutcomeUnknown. A call
  /// that is cancelled takes its statement back, or has the server stop it.
  tern::Task<Result> execute(std::size_t number, std::vector<std::string> parameters);

 private:
  /// Has one connection, and carries out on it what waits.
  tern::Task<void> work();
  tern::Task<bool> connect(std::unique_ptr<Connection>& connection);
  void put(Query& query);
  void leave_queue(Query& query) noexcept;
  std::vector<Query*> take();
  /// After a connection was lost, or a cancellation went astray.
  void give_back(const std::vector<Query*>& unanswered, bool lost);
  void fail_impatient(const Error& problem);

  Options options_;
  std::vector<Statement> statements_;
  std::size_t epoch_ = 0;  // counts the servers that turned out to accept no writes
  Queries queue_;
  std::size_t queue_size_ = 0;
  std::size_t connecting_ = 0;  // workers that open a connection, or pause before they try again
  // Where workers wait for statements. Those with a connection are woken first.
  tern::Condition idle_with_connection_;
  tern::Condition idle_;
  CancelRequests cancels_;
  tern::TaskGroup workers_;
};

}  // namespace userchat::postgres
