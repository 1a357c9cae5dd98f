// Writes <file>.tern.h and <file>.tern.cc for the services of a .proto file: for each a struct with AsyncService,
// SyncService, Stub and BlockingStub in it.
#pragma once

#include <google/protobuf/compiler/code_generator.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tern::codegen {

/// The errors of both functions are lines of protoc's form, "file:line:column: reason".
class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  /// `warn` is given lines of advice in the same form.
  using Warn = std::function<void(const std::string& line)>;
  explicit Generator(Warn warn = {}) : warn_(std::move(warn)) {}

  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  /// Ends at the first file that fails. (protobuf's own would put the file's name before the error once more.)
  bool GenerateAll(const std::vector<const google::protobuf::FileDescriptor*>& files, const std::string& parameter,
                   google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;

#if GOOGLE_PROTOBUF_VERSION >= 5027000
  [[nodiscard]] std::uint64_t GetSupportedFeatures() const override {
    return FEATURE_PROTO3_OPTIONAL | FEATURE_SUPPORTS_EDITIONS;
  }
  [[nodiscard]] google::protobuf::Edition GetMinimumEdition() const override {
    return google::protobuf::Edition::EDITION_PROTO2;
  }
  [[nodiscard]] google::protobuf::Edition GetMaximumEdition() const override {
    return google::protobuf::Edition::EDITION_2023;
  }
#else
  [[nodiscard]] std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
#endif

 private:
  Warn warn_;
};

}  // namespace tern::codegen
