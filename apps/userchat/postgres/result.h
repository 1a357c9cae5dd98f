// What PostgreSQL answers: rows, or an error with its SQLSTATE.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace userchat::postgres {

/// The SQLSTATE is one of PostgreSQL's appendix A, or one of these.
class Error : public std::runtime_error {
 public:
  Error(std::string sqlstate, const std::string& what) : std::runtime_error(what), sqlstate_(std::move(sqlstate)) {}
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  std::string sqlstate_;
};

/// The statement was not carried out: there was no connection.
inline constexpr const char* kNoConnection = "08001";
/// The connection was lost before the answer: whether the statement was carried out is not known.
inline constexpr const char* kOutcomeUnknown = "08007";
/// libpq did not take the statement: it is too large, say.
inline constexpr const char* kNotSent = "54000";
/// Bytes that are no text in the database's encoding, a zero byte among them.
inline constexpr const char* kNoText = "22021";
inline constexpr const char* kQueryCancelled = "57014";
/// The server is a replica, or writes are switched off.
inline constexpr const char* kReadOnly = "25006";
/// The role may not do it.
inline constexpr const char* kNotAllowed = "42501";
/// A character that the database's encoding does not have.
inline constexpr const char* kNoSuchCharacter = "22P05";

/// Rows of a statement, as text.
class Result {
 public:
  explicit Result(PGresult* result) noexcept : result_(result) {}

  [[nodiscard]] std::size_t rows() const noexcept { return static_cast<std::size_t>(PQntuples(result_.get())); }
  [[nodiscard]] bool is_null(std::size_t row, int column) const noexcept {
    return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
  }
  [[nodiscard]] bool is_true(std::size_t row, int column) const noexcept { return text(row, column) == "t"; }
  /// Lives as long as this.
  [[nodiscard]] std::string_view text(std::size_t row, int column) const noexcept {
    const int at = static_cast<int>(row);
    return {PQgetvalue(result_.get(), at, column), static_cast<std::size_t>(PQgetlength(result_.get(), at, column))};
  }
  [[nodiscard]] std::int64_t integer(std::size_t row, int column) const {
    return std::stoll(std::string{text(row, column)});
  }

 private:
  struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace userchat::postgres
