#include "postgres/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string_view>
#include <utility>

#include "tern/async/asio.h"

namespace userchat::postgres {

namespace {

using Socket = boost::asio::posix::stream_descriptor;

/// libpq's messages have several, and an end of line at the end.
std::string one_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string line;
  for (const char c : text) {
    if (c == '\n') line += "; ";
    if (c != '\n' && c != '\t') line += c;
  }
  return line;
}

PGconn* start(const Keywords& keywords) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  names.reserve(keywords.size() + 1);
  values.reserve(keywords.size() + 1);
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(names.data(), values.data(), 0);
}

/// The server is not of the kind that target_session_attrs wants.
class WrongSession : public Error {
 public:
  explicit WrongSession(const char* what) : Error(kNoConnection, what) {}
};

void require_session(std::string_view wanted, bool replica, bool read_only) {
  if (wanted == "read-write" && read_only) throw WrongSession{"accepts no writes"};
  if (wanted == "read-only" && !read_only) throw WrongSession{"accepts writes, and target_session_attrs is read-only"};
  if (wanted == "primary" && replica) throw WrongSession{"is a replica"};
  if (wanted == "standby" && !replica) throw WrongSession{"is no replica, and target_session_attrs is standby"};
}

/// The addresses of a server. One empty one: libpq needs none. None, and one more problem: its name does not resolve.
tern::Task<std::vector<std::string>> resolve(const DatabaseAddress::Server& server,
                                             std::vector<std::string>& problems) {
  std::vector<std::string> addresses;
  if (!server.has_name()) {
    addresses.push_back(server.address);
    co_return addresses;
  }
  boost::asio::ip::tcp::resolver resolver{tern::Loop::require_current("connecting").context()};
  auto [problem, found] = co_await resolver.async_resolve(server.host, "", boost::asio::as_tuple(tern::use_task));
  if (problem) problems.push_back(fmt::format("the host \"{}\": {}", server.host, problem.message()));
  for (const auto& one : found) addresses.push_back(one.endpoint().address().to_string());
  co_return addresses;
}

/// Once each: the servers may be tried for several kinds of session.
std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (auto one = problems.begin(); one != problems.end(); ++one) {
    if (std::find(problems.begin(), one, *one) != one) continue;
    text += (text.empty() ? "" : "; ") + *one;
  }
  return text;
}

std::string field(const PGresult* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text != nullptr ? text : "";
}

Error error_of(const PGresult* result) {
  return {field(result, PG_DIAG_SQLSTATE), "the database says: " + field(result, PG_DIAG_MESSAGE_PRIMARY)};
}

bool succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/// After these a statement that was prepared is of no more use: somebody has dropped it from the session (26000), or
/// changed the types of the table's columns (0A000, "cached plan must not change result type").
bool outdates(const std::string& sqlstate) { return sqlstate == "26000" || sqlstate == "0A000"; }

std::string name_of(std::size_t statement) { return fmt::format("s{}", statement); }

}  // namespace

Query::~Query() {
  if (queue_size != nullptr) --*queue_size;
  if (connection != nullptr) connection->abandon(*this);
}

tern::Task<std::unique_ptr<Connection>> Connection::open(const Options& options, CancelRequests& cancels) {
  const DatabaseAddress address{options.url};
  const std::chrono::milliseconds limit = address.connect_timeout(options.connect_timeout);
  const std::vector<std::string> sessions = address.session_attributes();
  std::vector<std::string> problems;
  for (const std::string& session : sessions) {
    for (const DatabaseAddress::Server& server : address.servers()) {
      const std::vector<std::string> found = co_await resolve(server, problems);
      for (const std::string& ip : found) {
        std::unique_ptr<Connection> connection{new Connection{options, cancels}};
        Keywords keywords = address.options(server, ip);
        std::string problem = co_await connection->try_to_connect(std::move(keywords), session, limit);
        if (problem.empty()) co_return connection;
        problems.push_back(std::move(problem));
      }
    }
  }
  throw Error(kNoConnection, fmt::format("cannot connect to the database: {}", joined(problems)));
}

Connection::~Connection() {
  for (Query* query : batch_) {
    if (query != nullptr) query->connection = nullptr;
  }
}

tern::Task<std::string> Connection::try_to_connect(Keywords keywords, std::string wanted,
                                                   std::chrono::milliseconds limit) {
  const std::string name = keywords.contains("host") ? keywords["host"] : keywords["hostaddr"];
  try {
    co_await tern::with_timeout(limit, connect(std::move(keywords), std::move(wanted)));
  } catch (const tern::TimedOut&) {
    co_return fmt::format("the server \"{}\" does not answer within {} ms", name, limit.count());
  } catch (const WrongSession& error) {
    co_return fmt::format("the server \"{}\" {}", name, error.what());
  } catch (const Error& error) {
    co_return error.what();
  }
  co_return "";
}

tern::Task<void> Connection::connect(Keywords keywords, std::string wanted) {
  connection_.reset(start(keywords));
  if (!connection_) throw std::bad_alloc{};
  PostgresPollingStatusType state =
      lost() && PQsocket(connection_.get()) < 0 ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) throw Error{kNoConnection, one_line(PQerrorMessage(connection_.get()))};
    // It may be another socket each time.
    watch();
    co_await wait(state == PGRES_POLLING_READING ? Socket::wait_read : Socket::wait_write);
    state = PQconnectPoll(connection_.get());
  }
  watch();
  PQsetnonblocking(connection_.get(), 1);
  PQsetNoticeProcessor(
      connection_.get(), [](void* /*nothing*/, const char* text) { spdlog::debug("the database says: {}", text); },
      nullptr);
  co_await set_up_session(std::move(wanted));
}

// Settings are not among the options of the connection's first packet: a pooler rejects those (PgBouncer), and one that
// only superusers may change would keep everybody else out. A pooler makes its clients' process ids up, and so shows
// itself. It also says of its server what was true when it connected (in_hot_standby), which libpq would believe after
// the server's promotion: so the server is asked.
tern::Task<void> Connection::set_up_session(std::string wanted) {
  std::string look = fmt::format(
      "SELECT pg_backend_pid() = {0}, CASE setting WHEN '0' THEN '{1}' ELSE setting END, pg_is_in_recovery(), "
      "current_setting('transaction_read_only') = 'on', CASE WHEN pg_backend_pid() = {0} AND setting = '0' "
      "THEN set_config('statement_timeout', '{1}', false) END FROM pg_settings WHERE name = 'statement_timeout'",
      PQbackendPID(connection_.get()), statement_timeout_.count());
  const Result session = co_await script(std::move(look));
  if (session.rows() == 1) {
    require_session(wanted, session.is_true(0, 2), session.is_true(0, 3));
    pooled_ = !session.is_true(0, 0);
    const std::chrono::milliseconds timeout{session.integer(0, 1)};
    longest_silence_ += std::max(timeout - statement_timeout_, std::chrono::milliseconds::zero());
    statement_timeout_ = timeout;
  }
  // The bytes of such a database may be in any encoding. The server sends them unchecked only under that name.
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding != nullptr && std::string_view{encoding} == "SQL_ASCII") {
    co_await script("SET client_encoding = 'SQL_ASCII'");
  }
}

void Connection::watch() {
  const int copy = ::fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw Error{kNoConnection, "too many open files: the connection to the database has no descriptor"};
  socket_ = std::make_unique<Socket>(tern::Loop::require_current("connecting").context(), copy);
}

tern::Task<void> Connection::wait(Socket::wait_type what) {
  std::chrono::milliseconds limit = longest_silence_;
  if (pooled_ && current_ < batch_.size()) {
    const bool in_time = co_await ready_within(std::min(statement_timeout_, limit), what);
    if (in_time) co_return;
    stop_current();
    limit -= std::min(statement_timeout_, limit);
  }
  const bool ready = co_await ready_within(limit, what);
  if (!ready) broken_ = true;
}

tern::Task<bool> Connection::ready_within(std::chrono::milliseconds limit, Socket::wait_type what) {
  try {
    co_await tern::with_timeout(limit, wait_for_socket(what));
  } catch (const tern::TimedOut&) {
    co_return false;
  }
  co_return true;
}

tern::Task<void> Connection::wait_for_socket(Socket::wait_type what) {
  // An error of the socket is libpq's to find.
  const auto [problem] = co_await socket_->async_wait(what, boost::asio::as_tuple(tern::use_task));
  static_cast<void>(problem);
}

tern::Task<void> Connection::flush() {
  while (!broken_ && PQflush(connection_.get()) == 1) co_await wait(Socket::wait_write);
}

/// Null at the end of a statement's results.
tern::Task<PGresult*> Connection::next_result() {
  while (PQisBusy(connection_.get()) != 0) {
    co_await wait(Socket::wait_read);
    if (broken_) co_return nullptr;
    if (PQconsumeInput(connection_.get()) == 0) break;
  }
  co_return PQgetResult(connection_.get());
}

tern::Task<Result> Connection::script(std::string sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) throw error(kNoConnection, "cannot send to the database");
  co_await flush();
  std::optional<Error> problem;
  Result last{nullptr};
  for (;;) {
    PGresult* next = co_await next_result();
    if (next == nullptr) break;
    last = Result{next};
    if (!succeeded(next) && !problem) problem = error_of(next);
  }
  if (lost()) throw error(kNoConnection, "the connection to the database was lost");
  if (problem) throw Error{*problem};
  co_return last;
}

bool Connection::take_notifications() {
  bool any = false;
  while (PGnotify* notification = PQnotifies(connection_.get())) {
    any = true;
    PQfreemem(notification);
  }
  return any;
}

tern::Task<bool> Connection::wait_for_notification(std::chrono::milliseconds limit) {
  while (!take_notifications()) {
    const bool ready = co_await ready_within(limit, Socket::wait_read);
    if (!ready || PQconsumeInput(connection_.get()) == 0 || lost()) co_return false;
  }
  co_return true;
}

tern::Task<void> Connection::prepare(std::span<const Statement> statements) {
  statements_ = statements;
  PQenterPipelineMode(connection_.get());
  // A statement without a name leaves nothing in a pooler's session. The server still checks it.
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const std::string name = pooled_ ? "" : name_of(i);
    PQsendPrepare(connection_.get(), name.c_str(), statements[i].sql.c_str(), 0, nullptr);
  }
  PQpipelineSync(connection_.get());
  co_await flush();
  const Outcome prepared = co_await outcome();
  if (lost()) throw error(kNoConnection, "the connection to the database was lost");
  if (prepared.problem) throw Error{*prepared.problem};
}

bool Connection::send(const Query& query) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  values.reserve(query.parameters.size());
  lengths.reserve(query.parameters.size());
  for (const std::string& parameter : query.parameters) {
    values.push_back(parameter.data());
    lengths.push_back(static_cast<int>(parameter.size()));
  }
  // Text as bytes with a length, so that a zero byte is an error rather than an end.
  const std::vector<int> binary(values.size(), 1);
  const int count = static_cast<int>(values.size());
  if (pooled_) {
    return PQsendQueryParams(connection_.get(), statements_[query.statement].sql.c_str(), count, nullptr, values.data(),
                             lengths.data(), binary.data(), 0) == 1;
  }
  return PQsendQueryPrepared(connection_.get(), name_of(query.statement).c_str(), count, values.data(), lengths.data(),
                             binary.data(), 0) == 1;
}

tern::Task<std::vector<Query*>> Connection::carry_out(std::vector<Query*> batch) {
  batch_.clear();
  current_ = 0;
  for (Query* query : batch) {
    const bool sent = send(*query);
    if (!sent && !lost()) {
      query->fail(error(kNotSent, "the statement cannot be sent"));
      continue;
    }
    PQpipelineSync(connection_.get());
    query->connection = this;
    batch_.push_back(query);
  }
  co_await flush();
  for (; current_ < batch_.size() && !lost(); ++current_) co_await answer(batch_[current_]);
  std::vector<Query*> unanswered;
  for (Query* query : std::exchange(batch_, {})) {
    if (query == nullptr) continue;
    query->connection = nullptr;
    if (!query->result.is_set()) unanswered.push_back(query);
  }
  co_return unanswered;
}

tern::Task<Connection::Outcome> Connection::outcome() {
  Outcome outcome;
  int ends = 0;
  for (;;) {
    PGresult* next = co_await next_result();
    Result result{next};
    // Two ends of statements and nothing in between: then nothing more comes.
    ends = next == nullptr ? ends + 1 : 0;
    if (ends > 1) broken_ = true;
    if (lost()) co_return Outcome{};
    if (next == nullptr) continue;
    if (PQresultStatus(next) == PGRES_PIPELINE_SYNC) co_return outcome;
    if (succeeded(next)) {
      outcome.rows.emplace(std::move(result));
    } else if (!outcome.problem) {
      outcome.problem.emplace(error_of(next));
    }
  }
}

// At the synchronisation point it is committed: before that nothing is said to have succeeded. `query` may become null
// meanwhile.
tern::Task<void> Connection::answer(Query*& query) {
  current_since_ = tern::Clock::now();
  Outcome said = co_await outcome();
  const std::optional<Error>& problem = said.problem;
  // Each of our cancellations ends one statement at most, the one it was for or a later one. The latter did nothing,
  // and is sent again, as often as such cancellations are under way.
  const bool by_us = problem && cancelled_by_us(*problem, query);
  if (by_us) --cancels_under_way_;
  if (lost()) co_return;
  if (problem && problem->sqlstate() == kReadOnly) read_only_ = true;
  if (problem && outdates(problem->sqlstate())) outdated_ = true;
  if (query == nullptr || query->result.is_set()) co_return;
  if (!problem) {
    query->succeed(*std::move(said.rows));
    co_return;
  }
  // It did nothing, and may do on another connection. Where it does not, this has an end.
  const bool again = outdates(problem->sqlstate()) && tern::Clock::now() < query->patience;
  if (!by_us && !again) query->fail(*problem);
}

// The message would tell the server's timeout from a cancellation, but in the server's language. So the time tells.
bool Connection::cancelled_by_us(const Error& problem, const Query* query) const {
  if (cancels_under_way_ == 0 || problem.sqlstate() != kQueryCancelled) return false;
  return query == nullptr || (tern::Clock::now() - current_since_) * 10 < statement_timeout_ * 9;
}

void Connection::stop_current() {
  Query* query = batch_[current_];
  if (query == nullptr || query->result.is_set()) return;
  abandon(*query);
  query->connection = nullptr;
  query->fail(Error(kQueryCancelled, fmt::format("the statement took longer than {} ms", statement_timeout_.count())));
}

bool Connection::lost_meanwhile() noexcept {
  // What the server says before it ends, and the end behind it.
  return PQconsumeInput(connection_.get()) == 0 || PQconsumeInput(connection_.get()) == 0 || lost();
}

void Connection::abandon(const Query& query) noexcept {
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (batch_[i] != &query) continue;
    batch_[i] = nullptr;
    if (i != current_ || query.result.is_set()) return;
    CancelPtr cancel{PQgetCancel(connection_.get())};
    if (cancel == nullptr) return;
    ++cancels_under_way_;
    cancels_.send(std::move(cancel));
  }
}

std::string Connection::quoted(const std::string& text) const {
  char* literal = PQescapeLiteral(connection_.get(), text.data(), text.size());
  if (literal == nullptr) throw error(kNoText, "the text cannot be quoted");
  std::string copy = literal;
  PQfreemem(literal);
  return copy;
}

Error Connection::error(const char* sqlstate, const char* doing) const {
  return {sqlstate, fmt::format("{}: {}", doing, one_line(PQerrorMessage(connection_.get())))};
}

}  // namespace userchat::postgres
