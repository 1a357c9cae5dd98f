// protoc-gen-tern: the protoc plugin. protoc finds it by its name or by --plugin=protoc-gen-tern=PATH.
#include <google/protobuf/compiler/plugin.h>

#include <cstdio>
#include <string>

#include "codegen/generator.h"

int main(int argc, char** argv) {
  const tern::codegen::Generator generator{[](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }};
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
