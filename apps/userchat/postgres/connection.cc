#include "postgres/connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <string_view>
#include <utility>

#include "tern/async/asio.h"

namespace userchat::postgres {

namespace {

using Socket = boost::asio::posix::stream_descriptor;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

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

/// What libpq is to be told, keyword by keyword.
class Parameters {
 public:
  explicit Parameters(const std::string& url) {
    char* problem = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> parsed{PQconninfoParse(url.c_str(), &problem)};
    if (!parsed) {
      const std::string what = one_line(problem != nullptr ? problem : "out of memory");
      PQfreemem(problem);
      throw Error(kNoConnection, fmt::format("the database's address cannot be read: {}", what));
    }
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
      if (option->val != nullptr) set(option->keyword, option->val);
    }
  }
  [[nodiscard]] std::string get(const std::string& keyword) const {
    const auto found = values_.find(keyword);
    return found != values_.end() ? found->second : "";
  }
  void set(const std::string& keyword, std::string value) { values_[keyword] = std::move(value); }
  [[nodiscard]] PGconn* connect() const {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    keywords.reserve(values_.size() + 1);
    values.reserve(values_.size() + 1);
    for (const auto& [keyword, value] : values_) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(keywords.data(), values.data(), 0);
  }

 private:
  std::map<std::string, std::string> values_;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

/// libpq would look names up itself, and block meanwhile.
tern::Task<void> resolve(Parameters& parameters) {
  if (parameters.get("host").empty() || !parameters.get("hostaddr").empty()) co_return;
  const std::vector<std::string> names = split(parameters.get("host"));
  const std::vector<std::string> ports = split(parameters.get("port"));
  std::string hosts;
  std::string addresses;
  std::string its_ports;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& port = ports.size() == names.size() ? ports[i] : ports.front();
    const auto add = [&](const std::string& address) {
      const char* comma = its_ports.empty() && hosts.empty() ? "" : ",";
      hosts += comma + names[i];
      addresses += comma + address;
      its_ports += comma + port;
    };
    if (names[i].empty() || names[i].front() == '/') {
      add("");
      continue;
    }
    boost::asio::ip::tcp::resolver resolver{tern::Loop::require_current("connecting").context()};
    auto [problem, found] = co_await resolver.async_resolve(names[i], "", boost::asio::as_tuple(tern::use_task));
    if (problem) {
      throw Error(kNoConnection, fmt::format("the database's host \"{}\": {}", names[i], problem.message()));
    }
    for (const auto& one : found) add(one.endpoint().address().to_string());
  }
  parameters.set("host", hosts);
  parameters.set("hostaddr", addresses);
  parameters.set("port", its_ports);
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

std::string name_of(std::size_t statement) { return fmt::format("s{}", statement); }

}  // namespace

Query::~Query() {
  if (queue_size != nullptr) --*queue_size;
  if (connection != nullptr) connection->abandon(*this);
}

tern::Task<std::unique_ptr<Connection>> Connection::open(const Options& options, CancelRequests& cancels) {
  std::unique_ptr<Connection> connection{new Connection{options, cancels}};
  bool in_time = true;
  try {
    co_await tern::with_timeout(options.connect_timeout, connection->connect(options));
  } catch (const tern::TimedOut&) {
    in_time = false;
  }
  if (!in_time) throw Error(kNoConnection, "the database does not answer");
  co_return connection;
}

Connection::~Connection() {
  for (Query* query : batch_) {
    if (query != nullptr) query->connection = nullptr;
  }
}

tern::Task<void> Connection::connect(const Options& options) {
  Parameters parameters{options.url};
  co_await resolve(parameters);
  parameters.set("options", fmt::format("{} -c statement_timeout={} -c lc_messages=C", parameters.get("options"),
                                        options.statement_timeout.count()));
  if (parameters.get("application_name").empty()) parameters.set("application_name", "userchat");
  connection_.reset(parameters.connect());
  if (!connection_) throw std::bad_alloc{};
  PostgresPollingStatusType state =
      lost() && PQsocket(connection_.get()) < 0 ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) throw error(kNoConnection, "cannot connect to the database");
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
}

void Connection::watch() {
  socket_ =
      std::make_unique<Socket>(tern::Loop::require_current("connecting").context(), ::dup(PQsocket(connection_.get())));
}

tern::Task<void> Connection::wait(Socket::wait_type what) {
  try {
    co_await tern::with_timeout(longest_silence_, wait_for_socket(what));
  } catch (const tern::TimedOut&) {
    broken_ = true;
  }
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

tern::Task<void> Connection::prepare(std::span<const Statement> statements) {
  PQenterPipelineMode(connection_.get());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    PQsendPrepare(connection_.get(), name_of(i).c_str(), statements[i].sql.c_str(), 0, nullptr);
  }
  PQpipelineSync(connection_.get());
  co_await flush();
  const Outcome prepared = co_await outcome();
  if (lost()) throw error(kNoConnection, "the connection to the database was lost");
  if (prepared.problem) throw Error{*prepared.problem};
}

tern::Task<std::vector<Query*>> Connection::carry_out(std::vector<Query*> batch) {
  batch_.clear();
  current_ = 0;
  for (Query* query : batch) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    values.reserve(query->parameters.size());
    lengths.reserve(query->parameters.size());
    for (const std::string& parameter : query->parameters) {
      values.push_back(parameter.data());
      lengths.push_back(static_cast<int>(parameter.size()));
    }
    // Text as bytes with a length, so that a zero byte is an error rather than an end.
    const std::vector<int> binary(values.size(), 1);
    const bool sent =
        PQsendQueryPrepared(connection_.get(), name_of(query->statement).c_str(), static_cast<int>(values.size()),
                            values.data(), lengths.data(), binary.data(), 0) == 1;
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
    if (!query->done.is_set()) unanswered.push_back(query);
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
  Outcome said = co_await outcome();
  const std::optional<Error>& problem = said.problem;
  // Each of our cancellations ends one statement at most, the one it was for or a later one. The latter did nothing,
  // and is sent again, as often as such cancellations are under way.
  const bool by_us = cancels_under_way_ > 0 && problem && problem->sqlstate() == kQueryCancelled &&
                     std::string_view{problem->what()}.find("statement timeout") == std::string_view::npos;
  if (by_us) --cancels_under_way_;
  if (lost() || query == nullptr) co_return;
  if (!problem) {
    query->succeed(*std::move(said.rows));
  } else if (!by_us) {
    query->fail(*problem);
  }
}

bool Connection::lost_meanwhile() noexcept {
  // What the server says before it ends, and the end behind it.
  return PQconsumeInput(connection_.get()) == 0 || PQconsumeInput(connection_.get()) == 0 || lost();
}

void Connection::abandon(const Query& query) noexcept {
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (batch_[i] != &query) continue;
    batch_[i] = nullptr;
    if (i != current_ || query.done.is_set()) return;
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
