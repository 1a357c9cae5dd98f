#include "tern/rest/message.h"

#include <algorithm>
#include <charconv>

#include "rest/decoded_body.h"
#include "rest/http_syntax.h"
#include "rest/path_template.h"
#include "rest/status_json.h"
#include "rpc/lower_case.h"

namespace tern::rest {

namespace {

constexpr std::size_t kSetAsideFrom = std::size_t{64} * 1024;

/// 0 where the client did not say.
std::size_t announced_length(const Fields& fields) {
  const std::string_view text = fields.get("content-length").value_or("");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

/// Decodes a name or a value of application/x-www-form-urlencoded. Accepts letters that RFC 3986 wants escaped, because
/// curl and browsers send "|", "{" and "^" as they are.
std::string form_decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return decoded(spaced);
}

}  // namespace

Fields::Fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

void Fields::add(std::string_view name, std::string_view value) {
  if (!is_token(name)) {
    throw std::invalid_argument("\"" + std::string{name} + "\" is no name of a header field");
  }
  if (!is_field_value(value)) {
    throw std::invalid_argument("the value of header field \"" + std::string{name} + "\" has control characters");
  }
  fields_.emplace_back(rpc::lower_case(name), value);
}

void Fields::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Fields::remove(std::string_view name) {
  const std::string wanted = rpc::lower_case(name);
  std::erase_if(fields_, [&wanted](const Field& field) { return field.first == wanted; });
}

std::optional<std::string_view> Fields::get(std::string_view name) const noexcept {
  for (const auto& [its_name, value] : fields_) {
    if (its_name == name) return value;
  }
  return std::nullopt;
}

std::string Fields::joined(std::string_view name) const {
  std::string list;
  for (const auto& [its_name, value] : fields_) {
    if (its_name != name) continue;
    if (!list.empty() && !value.empty()) list += ", ";
    list += value;
  }
  return list;
}

Request::Request(std::string its_method, std::string its_target, BodySource& body, std::size_t max_body_length)
    : method(std::move(its_method)), target(std::move(its_target)), source_(&body), max_body_length_(max_body_length) {}

std::string_view Request::path() const noexcept { return std::string_view{target}.substr(0, target.find('?')); }

std::string_view Request::query() const noexcept {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view{target}.substr(mark + 1);
}

std::vector<std::pair<std::string, std::string>> Request::query_parameters() const {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::string_view rest = query(); !rest.empty();) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = parameter.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    parameters.emplace_back(form_decoded(parameter.substr(0, equals)), form_decoded(value));
  }
  return parameters;
}

Task<std::string> Request::body() {
  std::string whole;
  while (std::optional<std::string> piece = co_await source_->read_body()) {
    if (whole.size() + piece->size() > max_body_length_) {
      source_->on_too_long();
      throw body_too_long(max_body_length_);
    }
    // A long one is not copied again and again; but nothing is set aside for a mere announcement.
    if (whole.size() + piece->size() > whole.capacity() && whole.size() >= kSetAsideFrom) {
      whole.reserve(std::min(announced_length(fields), max_body_length_));
    }
    whole += *piece;
    source_->on_held(whole.size());
  }
  source_->on_held(0);
  co_return whole;
}

Response::Response(unsigned its_status, std::string_view content_type, std::string its_body)
    : status(its_status), body(std::move(its_body)) {
  fields.add("content-type", content_type);
}

Response Response::error(const Status& status) { return json(to_json(status), http_status_of(status.code())); }

Response Response::error(unsigned status, std::string_view message) {
  Response response = json(to_json(Status{code_of_http_status(status), std::string{message}}), status);
  // The site adds it to all that it answers. This is for errors of a connection, which it never sees.
  response.fields.add("x-content-type-options", "nosniff");
  return response;
}

Response Response::stream(std::string_view content_type, AsyncGenerator<std::string> pieces) {
  Response response;
  response.fields.add("content-type", content_type);
  response.pieces = std::move(pieces);
  return response;
}

}  // namespace tern::rest
