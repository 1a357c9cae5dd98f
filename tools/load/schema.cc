#include "load/schema.h"

#include <fmt/format.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpc/reflection/v1/reflection.pb.h>

#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "cli/usage_error.h"
#include "tern/client/generic_stub.h"

namespace tern::tool {

namespace pb = google::protobuf;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

struct Schema::Source {
  // Of a server's files:
  pb::SimpleDescriptorDatabase files;
  std::unique_ptr<pb::DescriptorPool> built;
  // Of .proto files:
  std::unique_ptr<pb::compiler::DiskSourceTree> folders;
  std::unique_ptr<pb::compiler::MultiFileErrorCollector> errors;
  std::unique_ptr<pb::compiler::Importer> importer;

  const pb::DescriptorPool* pool = nullptr;
  pb::DynamicMessageFactory messages;
};

Schema::Schema(std::unique_ptr<Source> source) noexcept : source_(std::move(source)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

std::string service_of(std::string_view method) {
  std::string_view rest = method;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size() ||
      rest.find('/', slash + 1) != std::string_view::npos) {
    throw UsageError{fmt::format(R"("{}" names no method: write "package.Service/Method")", method)};
  }
  return std::string{rest.substr(0, slash)};
}

namespace {

/// One question and its answer on an open reflection stream; nothing when the stream has ended.
Task<std::optional<ServerReflectionResponse>> ask(BidiStreamCall<RawMessage, RawMessage>& call,
                                                  const ServerReflectionRequest& request) {
  const RawMessage question{request.SerializeAsString()};
  const bool sent = co_await call.write(question);
  if (!sent) co_return std::nullopt;
  const std::optional<RawMessage> answer = co_await call.read();
  if (!answer) co_return std::nullopt;
  std::optional<ServerReflectionResponse> response{std::in_place};
  if (!response->ParseFromString(answer->bytes))
    throw UsageError{"the server's reflection answers with no such message"};
  co_return response;
}

/// The files that define `service`, and those that they need. How the call ended, which is OK when they all are there.
Task<Status> fetch_files(Channel& channel, std::string_view version, const std::string& service,
                         pb::SimpleDescriptorDatabase& files) {
  GenericStub stub{channel};
  auto call = stub.stream(version, {.timeout = std::chrono::seconds{20}});
  std::set<std::string> known;
  std::deque<std::string> missing;
  ServerReflectionRequest request;
  request.set_file_containing_symbol(service);
  for (;;) {
    const std::optional<ServerReflectionResponse> response = co_await ask(call, request);
    if (!response) {
      const Status status = co_await call.status();
      co_return status.ok() ? Status{StatusCode::kInternal, "the reflection call ended without an answer"} : status;
    }
    if (response->has_error_response()) {
      throw UsageError{fmt::format("the server's reflection does not know {}: {}", service,
                                   response->error_response().error_message())};
    }
    for (const std::string& bytes : response->file_descriptor_response().file_descriptor_proto()) {
      pb::FileDescriptorProto file;
      if (!file.ParseFromString(bytes)) throw UsageError{"the server's reflection sends a file that cannot be read"};
      if (!known.insert(file.name()).second) continue;
      files.Add(file);
      missing.insert(missing.end(), file.dependency().begin(), file.dependency().end());
    }
    while (!missing.empty() && known.contains(missing.front())) missing.pop_front();
    if (missing.empty()) break;
    request.set_file_by_filename(missing.front());
  }
  co_await call.done_writing();
  co_return Status{};
}

/// protoc's complaints, as one text.
class Complaints final : public pb::compiler::MultiFileErrorCollector {
 public:
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  void RecordError(std::string_view file, int line, int column, std::string_view message) override {
#else
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
#endif
    text += fmt::format("\n  {}:{}:{}: {}", file, line + 1, column + 1, message);
  }
  std::string text;
};

}  // namespace

Task<Schema> Schema::from_reflection(Channel& channel, std::string service) {
  auto source = std::make_unique<Source>();
  Status status = co_await fetch_files(channel, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", service,
                                       source->files);
  if (status.code() == StatusCode::kUnimplemented) {
    status = co_await fetch_files(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", service,
                                  source->files);
  }
  if (status.code() == StatusCode::kUnimplemented) {
    throw UsageError{fmt::format("{} offers no reflection: give its .proto with --proto FILE", channel.target())};
  }
  if (!status.ok()) throw RpcError{status};
  source->built = std::make_unique<pb::DescriptorPool>(&source->files);
  source->pool = source->built.get();
  co_return Schema{std::move(source)};
}

Schema Schema::from_proto(const std::string& file, std::vector<std::string> import_folders) {
  std::string name = file;
  if (import_folders.empty()) {
    const std::filesystem::path path{file};
    import_folders.push_back(path.has_parent_path() ? path.parent_path().string() : ".");
  }
  auto source = std::make_unique<Source>();
  source->folders = std::make_unique<pb::compiler::DiskSourceTree>();
  for (const std::string& folder : import_folders) source->folders->MapPath("", folder);
  // Where the import folders hold it, `file` is what it is called from there.
  std::string shadowing;
  if (std::string inside;
      source->folders->DiskFileToVirtualFile(file, &inside, &shadowing) == pb::compiler::DiskSourceTree::SUCCESS) {
    name = inside;
  }
  auto complaints = std::make_unique<Complaints>();
  Complaints& said = *complaints;
  source->errors = std::move(complaints);
  source->importer = std::make_unique<pb::compiler::Importer>(source->folders.get(), source->errors.get());
  if (source->importer->Import(name) == nullptr) throw UsageError{fmt::format("cannot use {}:{}", file, said.text)};
  source->pool = source->importer->pool();
  return Schema{std::move(source)};
}

const pb::MethodDescriptor& Schema::method(std::string_view name) const {
  const std::string service_name = service_of(name);
  const pb::ServiceDescriptor* service = source_->pool->FindServiceByName(service_name);
  if (service == nullptr) throw UsageError{fmt::format("there is no service {}", service_name)};
  const std::string method_name{name.substr(name.rfind('/') + 1)};
  const pb::MethodDescriptor* method = service->FindMethodByName(method_name);
  if (method == nullptr) {
    std::string all;
    for (int index = 0; index < service->method_count(); ++index) all += " " + service->method(index)->name();
    throw UsageError{fmt::format("{} has no method {}; it has:{}", service_name, method_name, all)};
  }
  return *method;
}

std::string Schema::to_bytes(const pb::Descriptor& type, const std::string& json) const {
  const std::unique_ptr<pb::Message> message{source_->messages.GetPrototype(&type)->New()};
  const auto status = pb::util::JsonStringToMessage(json, message.get());
  if (!status.ok()) {
    throw UsageError{fmt::format("this is no {} in JSON: {}\n  {}", type.full_name(), json, status.ToString())};
  }
  return message->SerializeAsString();
}

}  // namespace tern::tool
