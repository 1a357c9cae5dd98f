// HttpBinding: one way to call one method over HTTP, by its annotation (google.api.http).
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/api/http.pb.h"
#include "rest/gateway.h"
#include "rest/path_template.h"
#include "tern/rest/message.h"

namespace tern::rest {

class HttpBinding {
 public:
  /// `rule` of `method`. Throws std::invalid_argument that says which is wrong and why.
  HttpBinding(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule);

  [[nodiscard]] const google::protobuf::MethodDescriptor& method() const noexcept { return method_; }
  /// "/package.Service/Method".
  [[nodiscard]] const std::string& call_path() const noexcept { return call_path_; }
  /// "GET" and so on.
  [[nodiscard]] const std::string& http_method() const noexcept { return http_method_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::vector<PathTemplate::Variable>& variables() const noexcept { return template_.variables(); }
  /// What is the body: nothing, one field, or all that the path does not name.
  enum class Body { kNone, kField, kWhole };
  [[nodiscard]] Body body() const noexcept { return body_; }
  /// Where it is one field; and the field that is the response's body, null for all of it.
  [[nodiscard]] const google::protobuf::FieldDescriptor* body_field() const noexcept { return body_field_; }
  [[nodiscard]] const google::protobuf::FieldDescriptor* response_field() const noexcept { return response_field_; }

  /// The request's message, serialised: from its body, its query and its path, which goes before the query, and that
  /// before the body. Throws HttpError (400).
  [[nodiscard]] std::string bind(const Request& request, std::string_view body) const;

  /// A response's message as the body says it.
  [[nodiscard]] Result<std::string> to_json(const Gateway& gateway, const std::string& serialised) const;

 private:
  using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

  void bind_query(google::protobuf::Message& message, const Request& request) const;
  [[nodiscard]] const google::protobuf::FieldDescriptor* top_level(const google::protobuf::Descriptor& type,
                                                                   const std::string& name) const;
  [[noreturn]] void refuse(const std::string& why) const;

  const google::protobuf::MethodDescriptor& method_;
  std::string call_path_;
  std::string http_method_;
  std::string path_;
  PathTemplate template_;
  std::vector<std::pair<std::string, FieldPath>> path_fields_;
  Body body_ = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field_ = nullptr;
  const google::protobuf::FieldDescriptor* response_field_ = nullptr;
};

/// All of a method's annotation; none without one.
std::vector<HttpBinding> bindings_of(const google::protobuf::MethodDescriptor& method);

}  // namespace tern::rest
