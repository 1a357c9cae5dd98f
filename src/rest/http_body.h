// google.api.HttpBody: a message that stands for a body of any content type, as its bytes (google/api/httpbody.proto).
// Read and written by its field numbers, because each program brings its own generated class.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace tern::rest {

bool is_http_body(const google::protobuf::Descriptor& type);
/// Returns true if the field is one HttpBody.
bool is_http_body(const google::protobuf::FieldDescriptor& field);

struct HttpBody {
  /// "application/octet-stream" where the message has none.
  std::string content_type;
  std::string data;
};

/// REQUIRES: is_http_body(*message.GetDescriptor()).
HttpBody read_http_body(const google::protobuf::Message& message);
void write_http_body(google::protobuf::Message& message, HttpBody body);

}  // namespace tern::rest
