// Query: one execution of a prepared statement, from the call that awaits it to the connection that carries it out.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "postgres/result.h"
#include "tern/async.h"

namespace userchat::postgres {

class Connection;

/// A statement that every connection prepares.
struct Statement {
  std::string sql;
  /// Does the same when it is carried out twice: it is, when a connection is lost before the answer.
  bool repeatable = false;
};

/// Lives in the coroutine that awaits it, which may be cancelled at any time: the connection is then told.
struct Query : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  Query(std::size_t its_statement, std::vector<std::string> its_parameters, tern::Clock::time_point its_patience)
      : statement(its_statement), parameters(std::move(its_parameters)), patience(its_patience) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  void succeed(Result its_result) { result.set(std::move(its_result)); }
  void fail(const Error& error) { result.fail(std::make_exception_ptr(error)); }

  std::size_t statement;
  std::vector<std::string> parameters;
  tern::Clock::time_point patience;   // how long it waits for a connection
  std::size_t* queue_size = nullptr;  // of the queue that it stands in
  Connection* connection = nullptr;   // that carries it out now
  tern::OneShot<Result> result;
};

/// Those that wait, in order. One that is destroyed leaves it.
using Queries = boost::intrusive::list<Query, boost::intrusive::constant_time_size<false>>;

}  // namespace userchat::postgres
