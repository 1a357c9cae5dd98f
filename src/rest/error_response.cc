#include "rest/error_response.h"

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "http2/field_rules.h"
#include "rest/connect_error.h"
#include "rest/status_json.h"
#include "text/log.h"
#include "text/utf8.h"

namespace tern::rest {

namespace {

constexpr const char* kOption = "SiteOptions::error_response";

bool is_error(unsigned http_status) noexcept { return http_status >= 400 && http_status < 600; }

/// The function's response has a body of its own, and fields that describe it.
bool is_about_body(std::string_view name) { return name.starts_with("content-") || name == "x-content-type-options"; }

/// The exchange frames the body and decides about the connection.
bool belongs_to_exchange(std::string_view name) {
  return http2::is_connection_specific(name) || name == "content-length" || name == "te" || name == "trailer";
}

Fields without_exchange_fields(const Fields& fields) {
  Fields kept;
  for (const auto& [name, value] : fields) {
    if (!belongs_to_exchange(name)) kept.add(name, value);
  }
  return kept;
}

void keep_fields(Fields& fields, const Fields& standard) {
  for (const auto& [name, value] : standard) {
    if (!is_about_body(name)) fields.remove(name);
  }
  for (const auto& [name, value] : standard) {
    if (!is_about_body(name)) fields.add(name, value);
  }
}

/// Nothing, and the reason in `problem`, when the function fails.
std::optional<Response> call_shape(const ErrorResponse& shape, const SiteError& error, std::string& problem) {
  try {
    Response response = shape(error);
    if (!response.pieces) return response;
    problem = "the response has pieces: its end could not be awaited";
  } catch (const std::exception& exception) {
    problem = exception.what();
  } catch (...) {
    problem = "an exception that is no std::exception";
  }
  return std::nullopt;
}

}  // namespace

Response shaped(const SiteOptions& options, const SiteError& error, Response standard) {
  if (!options.error_response || !is_error(error.http_status)) return standard;
  std::string problem;
  std::optional<Response> response = call_shape(options.error_response, error, problem);
  if (!response) {
    log_error("rest", "{} {}: {} failed, google.rpc.Status is sent in its place: {}",
              text::log_text(error.request.method), text::log_text(error.request.path()), kOption,
              text::log_text(problem));
    return standard;
  }
  response->status = error.http_status;
  response->fields = without_exchange_fields(response->fields);
  keep_fields(response->fields, standard.fields);
  if (!response->body.empty()) response->fields.set("x-content-type-options", "nosniff");
  return *std::move(response);
}

Response error_response(const SiteOptions& options, const Request& request, const Status& status) {
  const SiteError error{request, http_status_of(status.code()), status};
  return shaped(options, error, Response::error(status));
}

Response error_response(const SiteOptions& options, const Request& request, const HttpError& failure) {
  const Status status = status_of(failure);
  const SiteError error{request, failure.status(), status};
  return shaped(options, error, Response::error(failure.status(), failure.what()));
}

}  // namespace tern::rest
