// HttpBinding: one way to call one method over HTTP, as its annotation (google.api.http) says. The request's message is
// made in request_message.h, the response's body in response_body.h.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/api/http.pb.h"
#include "rest/path_template.h"

namespace tern::rest {

class HttpBinding {
 public:
  using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;
  /// The part of the request that its body is: nothing, one field of the message, or all that the path does not name.
  enum class Body { kNone, kField, kWhole };

  /// Reads `rule` of `method`. Throws std::invalid_argument with the reason.
  HttpBinding(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule);

  [[nodiscard]] const google::protobuf::MethodDescriptor& method() const noexcept { return method_; }
  /// "/package.Service/Method".
  [[nodiscard]] const std::string& call_path() const noexcept { return call_path_; }
  /// "GET" and so on; "*" for every method.
  [[nodiscard]] const std::string& http_method() const noexcept { return http_method_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const PathTemplate& path_template() const noexcept { return template_; }
  /// The path's parameters, and the request's fields that they set.
  [[nodiscard]] const std::vector<std::pair<std::string, FieldPath>>& path_fields() const noexcept {
    return path_fields_;
  }
  [[nodiscard]] Body body() const noexcept { return body_; }
  /// The field that is the request's body; null unless body() is kField.
  [[nodiscard]] const google::protobuf::FieldDescriptor* body_field() const noexcept { return body_field_; }
  /// The field that is the response's body; null where the whole response is.
  [[nodiscard]] const google::protobuf::FieldDescriptor* response_field() const noexcept { return response_field_; }
  /// True if the request's body is a google.api.HttpBody: any bytes of any content type.
  [[nodiscard]] bool takes_any_content() const noexcept { return takes_any_content_; }
  /// True if the response's body is a google.api.HttpBody.
  [[nodiscard]] bool sends_any_content() const noexcept { return sends_any_content_; }

 private:
  void bind_path();
  void bind_bodies(const google::api::HttpRule& rule);

  const google::protobuf::MethodDescriptor& method_;
  std::string call_path_;
  std::string http_method_;
  std::string path_;
  PathTemplate template_;
  std::vector<std::pair<std::string, FieldPath>> path_fields_;
  Body body_ = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field_ = nullptr;
  const google::protobuf::FieldDescriptor* response_field_ = nullptr;
  bool takes_any_content_ = false;
  bool sends_any_content_ = false;
};

/// Returns the bindings of a method's annotation; none where it has no annotation. Leaves out a binding that cannot be
/// served, and logs a warning with the method, its file and the reason.
std::vector<HttpBinding> bindings_of(const google::protobuf::MethodDescriptor& method);

/// Logs that a binding of `method` is not served.
void warn_left_out(const google::protobuf::MethodDescriptor& method, std::string_view http_method,
                   std::string_view path, std::string_view why);

}  // namespace tern::rest
