#include "rest/api_options.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>

#include <cstdint>

namespace tern::rest {

namespace {

namespace pb = google::protobuf;
using pb::UnknownField;
using pb::UnknownFieldSet;

// Field numbers of the options, and of fields of their messages.
constexpr int kFieldBehavior = 1052;
constexpr int kResource = 1053;
constexpr int kResourceReference = 1055;
constexpr int kType = 1;
constexpr int kPattern = 2;
constexpr int kChildType = 2;

/// Returns the texts and messages with this number in a serialised message, in their order.
std::vector<std::string> texts_of(const std::string& message, int number) {
  UnknownFieldSet fields;
  static_cast<void>(fields.ParseFromString(message));
  std::vector<std::string> texts;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      texts.emplace_back(field.length_delimited());
    }
  }
  return texts;
}

/// Returns the numbers of a repeated enum, packed or not.
std::vector<std::uint64_t> numbers_of(const std::string& message, int number) {
  UnknownFieldSet fields;
  static_cast<void>(fields.ParseFromString(message));
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_VARINT) numbers.push_back(field.varint());
  }
  for (const std::string& packed : texts_of(message, number)) {
    pb::io::CodedInputStream in{reinterpret_cast<const std::uint8_t*>(packed.data()), static_cast<int>(packed.size())};
    std::uint64_t each = 0;
    while (in.ReadVarint64(&each)) numbers.push_back(each);
  }
  return numbers;
}

}  // namespace

FieldBehavior behavior_of(const pb::FieldDescriptor& field) {
  FieldBehavior behavior;
  for (const std::uint64_t each : numbers_of(field.options().SerializeAsString(), kFieldBehavior)) {
    behavior.required = behavior.required || each == 2;
    behavior.output_only = behavior.output_only || each == 3;
    behavior.input_only = behavior.input_only || each == 4;
    behavior.immutable = behavior.immutable || each == 5;
  }
  return behavior;
}

std::optional<Resource> resource_of(const pb::Descriptor& message) {
  const std::vector<std::string> found = texts_of(message.options().SerializeAsString(), kResource);
  if (found.empty()) return std::nullopt;
  const std::vector<std::string> types = texts_of(found.front(), kType);
  return Resource{types.empty() ? std::string{} : types.front(), texts_of(found.front(), kPattern)};
}

std::string referenced_resource(const pb::FieldDescriptor& field) {
  const std::vector<std::string> found = texts_of(field.options().SerializeAsString(), kResourceReference);
  if (found.empty()) return {};
  for (const int number : {kType, kChildType}) {
    if (const std::vector<std::string> types = texts_of(found.front(), number); !types.empty()) return types.front();
  }
  return {};
}

}  // namespace tern::rest
