// Messages as JSON Schema, as protobuf's JSON mapping writes them.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "tern/detail/proto_comments.h"

namespace tern::rest {

/// Joins the lines of each paragraph of a comment.
std::string joined_lines(std::string_view comment);

/// Gathers the schemas of the messages and enums that a document names.
class OpenApiSchemas {
 public:
  /// Of a value of this type: a reference, for what is gathered.
  boost::json::object of(const google::protobuf::Descriptor& message);
  /// Of a field, with its comment.
  boost::json::object of(const google::protobuf::FieldDescriptor& field);
  /// Returns the message's object without these top-level fields.
  boost::json::object without(const google::protobuf::Descriptor& message,
                              const std::set<std::string, std::less<>>& fields);

  /// All that was named, by name.
  [[nodiscard]] boost::json::object gathered() const { return gathered_; }

 private:
  boost::json::object value_of(const google::protobuf::FieldDescriptor& field);
  boost::json::object single(const google::protobuf::FieldDescriptor& field);
  boost::json::object of(const google::protobuf::EnumDescriptor& type);

  boost::json::object gathered_;
};

/// Returns the comment of a declaration, the lines of each paragraph joined; empty if it has none. Comments come from
/// generated code (ProtoComments), or from descriptors that keep their source.
template <class Declaration>
std::string description_of(const Declaration& declaration) {
  std::string_view text = ProtoComments::find(declaration.full_name());
  google::protobuf::SourceLocation location;
  if (text.empty() && declaration.GetSourceLocation(&location)) {
    text = location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  }
  return joined_lines(text);
}

}  // namespace tern::rest
