// A request and its response, whichever version of HTTP carries them (RFC 9110).
//
//   tern::Task<tern::rest::Response> greet(tern::rest::Request& request) {
//     const std::string body = co_await request.body();
//     co_return tern::rest::Response::json(R"({"length":)" + std::to_string(body.size()) + "}");
//   }
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/async/async_generator.h"
#include "tern/async/task.h"
#include "tern/rpc/status.h"

namespace tern {
class TraceContext;
}

namespace tern::rest {

/// Header fields in the order of their addition; names are kept in lower case (RFC 9110 §5.1).
class TERN_API Fields {
 public:
  using Field = std::pair<std::string, std::string>;

  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Throws std::invalid_argument for a name that is no token, and for a value with control characters: what came from
  /// somebody else must not end a line.
  void add(std::string_view name, std::string_view value);
  /// In place of all of this name.
  void set(std::string_view name, std::string_view value);
  /// Removes every field of this name; `name` in any case.
  void remove(std::string_view name);
  /// The first value; `name` in lower case.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// All values of a field that is a list, joined with ", " (RFC 9110 §5.3); empty without such a field. `name` in
  /// lower case.
  [[nodiscard]] std::string joined(std::string_view name) const;

  [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] auto end() const noexcept { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// Ends a request with this HTTP status and a body that has the message, in the form of the site's errors
/// (SiteOptions::error_response); thrown by handlers.
class TERN_API HttpError : public std::runtime_error {
 public:
  HttpError(unsigned status, const std::string& message) : std::runtime_error(message), status_(status) {}
  [[nodiscard]] unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
};

/// Where a request's body comes from.
class TERN_API BodySource {
 public:
  /// The next piece; nothing at the end.
  virtual Task<std::optional<std::string>> read_body() = 0;
  /// Who puts pieces together holds so many bytes, and needs more to go on; 0: no more.
  virtual void on_held(std::size_t /*bytes*/) {}
  /// It is longer than is taken.
  virtual void on_too_long() {}

 protected:
  ~BodySource() = default;
};

/// Lives until its response is sent, and so do references to it that the response's pieces() keep.
class TERN_API Request {
 public:
  /// `body` must outlive it; `max_body_length` in bytes.
  Request(std::string method, std::string target, BodySource& body, std::size_t max_body_length);

  /// "GET" and so on.
  std::string method;
  /// As sent, with its query: "/v1/users?page_size=3".
  std::string target;
  Fields fields;
  /// Who asks, as gRPC writes it: "ipv4:127.0.0.1:1234".
  std::string peer;
  /// "https" over TLS, otherwise "http"; over HTTP/2 what the client says (":scheme", RFC 9113 §8.3.1).
  std::string_view scheme = "http";
  /// The version of HTTP that carries the request: "1.0", "1.1" or "2".
  std::string_view http_version = "1.1";
  /// What stood in the path in place of the route's {names}, decoded.
  std::map<std::string, std::string, std::less<>> path_parameters;
  /// The route that it took, as it was added: "/v1/users/{id}"; a method's path, where the request is Connect's or
  /// gRPC-Web's. Empty while there is none.
  std::string_view route;
  /// Which trace it belongs to; set by an observer, as it begins.
  std::shared_ptr<const TraceContext> trace;

  /// The target without its query, and the query; both as sent.
  [[nodiscard]] std::string_view path() const noexcept;
  [[nodiscard]] std::string_view query() const noexcept;
  /// The query's names and values, decoded (application/x-www-form-urlencoded). Throws HttpError (400).
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> query_parameters() const;

  /// The whole body. Throws HttpError (413) when it is longer than the site allows, counted after decompression
  /// (SiteOptions::decompress_requests).
  Task<std::string> body();
  /// The next piece of the body; nothing at its end. Any length may come this way.
  Task<std::optional<std::string>> read() { return source_->read_body(); }
  /// Who puts such pieces together says how many bytes it holds that it can do nothing with before more have come: they
  /// count in ServerOptions::max_unfinished_bytes. body() does so itself.
  void holds(std::size_t bytes) { source_->on_held(bytes); }

 private:
  /// Has the body decoded (src/rest/decoded_body.h).
  friend void decode_body(Request& request, std::size_t max_body_length);

  BodySource* source_;
  std::shared_ptr<BodySource> decoder_;
  std::size_t max_body_length_;
};

class TERN_API Response {
 public:
  explicit Response(unsigned its_status = 200) : status(its_status) {}
  Response(unsigned its_status, std::string_view content_type, std::string its_body);

  static Response json(std::string body, unsigned status = 200) {
    return {status, "application/json", std::move(body)};
  }
  /// As RFC 9457 has no word for gRPC's codes, errors are written as google.rpc.Status, with the HTTP status that goes
  /// with its code (google/rpc/code.proto). A handler that throws HttpError gets the form of the site's errors instead.
  static Response error(const Status& status);
  static Response error(unsigned status, std::string_view message);
  /// A body that is sent piece by piece, as it is yielded and the client takes it.
  static Response stream(std::string_view content_type, AsyncGenerator<std::string> pieces);

  unsigned status;
  Fields fields;
  std::string body;
  /// In place of `body`, where there is one.
  AsyncGenerator<std::string> pieces;
  /// Of all pieces together, in bytes, where it is known.
  std::optional<std::size_t> length;
};

}  // namespace tern::rest
