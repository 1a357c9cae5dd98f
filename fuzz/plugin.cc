// protoc-gen-tern on .proto files of any content that protobuf's own parser takes.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "codegen/generator.h"

namespace pb = google::protobuf;

namespace {

struct Silent final : pb::io::ErrorCollector, pb::DescriptorPool::ErrorCollector {
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  void RecordError(int /*line*/, pb::io::ColumnNumber /*column*/, std::string_view /*message*/) override {}
  void RecordError(std::string_view /*file*/, std::string_view /*element*/, const pb::Message* /*descriptor*/,
                   ErrorLocation /*location*/, std::string_view /*message*/) override {}
#else
  void AddError(int /*line*/, pb::io::ColumnNumber /*column*/, const std::string& /*message*/) override {}
  void AddError(const std::string& /*file*/, const std::string& /*element*/, const pb::Message* /*descriptor*/,
                ErrorLocation /*location*/, const std::string& /*message*/) override {}
#endif
};

struct Files final : pb::compiler::GeneratorContext {
  pb::io::ZeroCopyOutputStream* Open(const std::string& /*name*/) override {
    return new pb::io::StringOutputStream{&texts.emplace_back()};  // protobuf's callers own it
  }
  std::list<std::string> texts;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Silent silent;
  pb::io::ArrayInputStream stream{data, static_cast<int>(size)};
  pb::io::Tokenizer tokenizer{&stream, &silent};
  pb::compiler::Parser parser;
  pb::FileDescriptorProto proto;
  if (!parser.Parse(&tokenizer, &proto)) return 0;
  proto.set_name("dir/fuzz.proto");
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = pool.BuildFileCollectingErrors(proto, &silent);
  if (file == nullptr) return 0;
  const tern::codegen::Generator generator;
  Files files;
  std::string error;
  static_cast<void>(generator.Generate(file, {}, &files, &error));
  return 0;
}
