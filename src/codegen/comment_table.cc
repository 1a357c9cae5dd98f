#include "codegen/comment_table.h"

#include <string>
#include <vector>

#include "codegen/comments.h"

namespace tern::codegen {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

/// Collects the comments of a file's declarations as elements of an array.
class CommentTable {
 public:
  void add_file(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) add_message(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) add_enum(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) add_service(*file.service(i));
  }
  [[nodiscard]] const std::string& elements() const noexcept { return elements_; }

 private:
  void add_message(const Descriptor& message) {
    add(message);
    for (int i = 0; i < message.field_count(); ++i) add(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) add_message(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) add_enum(*message.enum_type(i));
  }
  void add_enum(const EnumDescriptor& type) {
    add(type);
    for (int i = 0; i < type.value_count(); ++i) add(*type.value(i));
  }
  void add_service(const ServiceDescriptor& service) {
    add(service);
    for (int i = 0; i < service.method_count(); ++i) add(*service.method(i));
  }
  template <class Declaration>
  void add(const Declaration& declaration) {
    const std::vector<std::string> lines = comment_of(declaration);
    if (lines.empty()) return;
    const std::string between = lines.size() > 1 ? ",\n     " : ", ";
    elements_ +=
        "    {\"" + std::string{declaration.full_name()} + "\"" + between + literal_of(lines, "     ") + "},\n";
  }

  std::string elements_;
};

}  // namespace

void print_comment_table(google::protobuf::io::Printer& printer, const FileDescriptor& file) {
  CommentTable table;
  table.add_file(file);
  if (table.elements().empty()) return;
  printer.PrintRaw("\nnamespace {\n\nconstexpr ::tern::ProtoComment kCommentTexts[] = {\n" + table.elements() +
                   "};\nconst ::tern::ProtoComments kComments{kCommentTexts};\n\n}  // namespace\n");
}

}  // namespace tern::codegen
