#include "codegen/generator.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

namespace tern::codegen {
namespace {

namespace pb = google::protobuf;

/// Keeps what is generated.
class Outputs final : public pb::compiler::GeneratorContext {
 public:
  pb::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    return new pb::io::StringOutputStream(&files[name]);
  }
  std::map<std::string, std::string> files;
};

class NoErrors final : public pb::io::ErrorCollector {
 public:
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  void RecordError(int line, int /*column*/, std::string_view message) override{
#else
  void AddError(int line, int /*column*/, const std::string& message) override {
#endif
      ADD_FAILURE() << "line " << line + 1 << ": " << message;
}
};  // namespace

/// What the plugin writes for a file "dir/test.proto" with this text.
std::map<std::string, std::string> generate(const std::string& text) {
  pb::io::ArrayInputStream input{text.data(), static_cast<int>(text.size())};
  NoErrors errors;
  pb::io::Tokenizer tokenizer{&input, &errors};
  pb::compiler::Parser parser;
  pb::FileDescriptorProto proto;
  proto.set_name("dir/test.proto");
  EXPECT_TRUE(parser.Parse(&tokenizer, &proto));
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = pool.BuildFile(proto);
  EXPECT_NE(file, nullptr);
  Outputs outputs;
  std::string error;
  EXPECT_TRUE(Generator{}.Generate(file, "", &outputs, &error)) << error;
  return outputs.files;
}

constexpr const char* kText = R"(
syntax = "proto3";
package a.b.v1;
message M { message Inner {} }
// Says what it is for.
//
// In two paragraphs.
service First {
  // One and one.
  rpc Unary(M) returns (M.Inner);
  rpc delete(M) returns (stream M);  // Behind it.
  rpc Upload(stream M) returns (M);
  rpc Stub(stream M) returns (stream M);
}
service Second {}
)";

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Generator, WritesAHeaderAndASource) {
  const auto files = generate(kText);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_TRUE(files.contains("dir/test.tern.h"));
  EXPECT_TRUE(contains(files.at("dir/test.tern.cc"), "#include \"dir/test.tern.h\""));
  EXPECT_TRUE(contains(files.at("dir/test.tern.h"), "#include \"dir/test.pb.h\""));
}

TEST(Generator, KeepsCommentsNamesAndNamespaces) {
  const std::string header = generate(kText).at("dir/test.tern.h");
  EXPECT_TRUE(contains(header, "namespace a::b::v1 {"));
  EXPECT_TRUE(contains(header, "/// Says what it is for.\n///\n/// In two paragraphs.\nstruct First final {"));
  EXPECT_TRUE(contains(header, "/// One and one.\n"));
  EXPECT_TRUE(contains(header, "/// Behind it.\n"));
  EXPECT_TRUE(contains(header, "struct Second final {"));
  EXPECT_TRUE(contains(header, "static constexpr ::std::string_view kName = \"a.b.v1.First\";"));
  EXPECT_TRUE(contains(header, "\"/a.b.v1.First/delete\"")) << "on the wire the .proto's name is kept";
}

TEST(Generator, HasAHandlerAndACallOfEachKind) {
  const std::string header = generate(kText).at("dir/test.tern.h");
  const std::string m = "::a::b::v1::M";
  for (const std::string& part : {
           "virtual ::tern::Task<" + m + "_Inner> Unary(::tern::ServerContext& context, const " + m + "& request);",
           "virtual ::tern::AsyncGenerator<" + m + "> delete_(::tern::ServerContext& context, const " + m +
               "& request);",
           "virtual ::tern::Task<" + m + "> Upload(::tern::ServerContext& context, ::tern::Reader<" + m +
               ">& requests);",
           "virtual void delete_(::tern::ServerContext& context, const " + m + "& request, ::tern::BlockingWriter<" +
               m + ">& responses);",
           "::tern::UnaryCall<" + m + "_Inner> Unary(const " + m +
               "& request, ::tern::CallOptions options = {}) const {",
           "::tern::BidiStreamCall<" + m + ", " + m + "> Stub_(::tern::AsyncGenerator<" + m +
               "> requests, ::tern::CallOptions options = {}) const {",
       }) {
    EXPECT_TRUE(contains(header, part)) << part << "\n" << header;
  }
}

TEST(Generator, TakesNoOptions) {
  pb::DescriptorPool pool;
  pb::FileDescriptorProto proto;
  proto.set_name("a.proto");
  Outputs outputs;
  std::string error;
  EXPECT_FALSE(Generator{}.Generate(pool.BuildFile(proto), "x=1", &outputs, &error));
  EXPECT_EQ(error, "protoc-gen-tern takes no options, but was given \"x=1\"");
}

}  // namespace tern::codegen
}  // namespace tern::codegen
