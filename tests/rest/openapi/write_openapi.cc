// write_openapi OUT_DIR IMPORT_DIR… -- FILE.proto…: writes OUT_DIR/FILE.json, the OpenAPI document of each file's
// services, and prints how many bindings the files have, how many are left out, and how many operations the documents
// have.
#include <fmt/format.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>

#include <boost/json/parse.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "google/api/annotations.pb.h"
#include "rest/http_binding.h"
#include "rest/openapi.h"
#include "rest/router.h"

namespace {

namespace pb = google::protobuf;
using tern::rest::HttpBinding;

struct Counts {
  std::size_t bindings = 0;
  std::size_t left_out = 0;
  std::size_t operations = 0;
};

class Errors final : public pb::compiler::MultiFileErrorCollector {
 public:
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  void RecordError(std::string_view file, int line, int /*column*/, std::string_view text) override{
#else
  void AddError(const std::string& file, int line, int /*column*/, const std::string& text) override {
#endif
      fmt::print(stderr, "{}:{}: {}\n", file, line + 1, text);
}
};  // namespace

std::size_t bindings_in(const pb::MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return 0;
  return 1 + static_cast<std::size_t>(method.options().GetExtension(google::api::http).additional_bindings_size());
}

/// The bindings that a Site with the file's services has.
std::list<HttpBinding> bindings_of_file(const pb::FileDescriptor& file, Counts& counts) {
  std::list<HttpBinding> bindings;
  tern::rest::Router router;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const pb::MethodDescriptor& method = *file.service(i)->method(j);
      counts.bindings += bindings_in(method);
      for (HttpBinding& binding : tern::rest::bindings_of(method)) {
        try {
          router.add(binding.http_method(), binding.path(), {});
          bindings.push_back(std::move(binding));
        } catch (const std::invalid_argument& error) {
          tern::rest::warn_left_out(method, binding.http_method(), binding.path(), error.what());
        }
      }
    }
  }
  return bindings;
}

std::size_t operations_in(const std::string& document) {
  std::size_t operations = 0;
  const boost::json::value parsed = boost::json::parse(document);
  for (const auto& path : parsed.at("paths").as_object()) operations += path.value().as_object().size();
  return operations;
}

void write_document(const pb::FileDescriptor& file, const std::string& out_dir, Counts& counts) {
  const std::size_t before = counts.bindings;
  const std::list<HttpBinding> bindings = bindings_of_file(file, counts);
  counts.left_out += counts.bindings - before - bindings.size();
  tern::rest::SiteOptions options;
  options.title = file.name();
  const std::string document = tern::rest::openapi_of({bindings.begin(), bindings.end()}, options);
  counts.operations += operations_in(document);
  const std::filesystem::path path = std::filesystem::path{out_dir} / (file.name() + ".json");
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path} << document;
}

}  // namespace

int main(int argc, char** argv) {
  pb::compiler::DiskSourceTree sources;
  int at = 2;
  for (; at < argc && std::string_view{argv[at]} != "--"; ++at) sources.MapPath("", argv[at]);
  if (at >= argc) {
    fmt::print(stderr, "write_openapi OUT_DIR IMPORT_DIR… -- FILE.proto…\n");
    return 2;
  }
  Errors errors;
  Counts counts;
  int unread = 0;
  for (++at; at < argc; ++at) {
    pb::compiler::Importer importer{&sources, &errors};
    const pb::FileDescriptor* file = importer.Import(argv[at]);
    if (file == nullptr) {
      ++unread;
    } else if (file->service_count() > 0) {
      write_document(*file, argv[1], counts);
    }
  }
  fmt::print("{} bindings, {} left out, {} operations, {} files not read\n", counts.bindings, counts.left_out,
             counts.operations, unread);
  return unread == 0 ? 0 : 1;
}
