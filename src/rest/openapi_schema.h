// Messages as JSON Schema, as protobuf's JSON mapping writes them.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <set>
#include <string>

namespace tern::rest {

/// Gathers the schemas of the messages and enums that a document names.
class OpenApiSchemas {
 public:
  /// Of a value of this type: a reference, for what is gathered.
  boost::json::object of(const google::protobuf::Descriptor& message);
  /// Of a field, with its comment.
  boost::json::object of(const google::protobuf::FieldDescriptor& field);
  /// An object of the message's fields but those.
  boost::json::object without(const google::protobuf::Descriptor& message, const std::set<std::string>& fields);

  /// All that was named, by name.
  [[nodiscard]] boost::json::object gathered() const { return gathered_; }

 private:
  boost::json::object single(const google::protobuf::FieldDescriptor& field);
  boost::json::object of(const google::protobuf::EnumDescriptor& type);

  boost::json::object gathered_;
};

/// A declaration's comment; the lines of a paragraph joined.
std::string description_of(const std::string& full_name);

}  // namespace tern::rest
