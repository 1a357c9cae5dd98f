#include "tern/services/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>

#include <set>
#include <string>
#include <vector>

#include "tern/detail/typed_handlers.h"

namespace tern {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

/// The same for both versions, which differ in their package only.
template <class Request, class Response>
class ReflectionService final : public Service {
 public:
  ReflectionService(std::string name, const Server& server, const ReflectionOptions& options)
      : Service(std::move(name)), server_(server), services_(options.services) {
    if (options.pool != nullptr) pools_.push_back(options.pool);
    pools_.push_back(DescriptorPool::generated_pool());
    add_method("ServerReflectionInfo", detail::make_handler(*this, &ReflectionService::ServerReflectionInfo));
  }

  AsyncGenerator<Response> ServerReflectionInfo(ServerContext& context, Reader<Request>& requests) {
    context.end_when_draining();  // tools leave it open for their next question
    Sent sent;
    while (const std::optional<Request> request = co_await requests.next()) {
      Response response = answer(*request, sent);
      co_yield std::move(response);
    }
  }

 private:
  /// A file is sent once in a stream.
  using Sent = std::set<const FileDescriptor*>;

  Response answer(const Request& request, Sent& sent) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        send_file(find([&](const DescriptorPool& pool) { return pool.FindFileByName(request.file_by_filename()); }),
                  request.file_by_filename(), sent, response);
        break;
      case Request::kFileContainingSymbol:
        send_file(find([&](const DescriptorPool& pool) {
                    return pool.FindFileContainingSymbol(request.file_containing_symbol());
                  }),
                  request.file_containing_symbol(), sent, response);
        break;
      case Request::kFileContainingExtension: {
        const auto& wanted = request.file_containing_extension();
        const FieldDescriptor* field = find([&](const DescriptorPool& pool) -> const FieldDescriptor* {
          const Descriptor* type = pool.FindMessageTypeByName(wanted.containing_type());
          return type == nullptr ? nullptr : pool.FindExtensionByNumber(type, wanted.extension_number());
        });
        send_file(field == nullptr ? nullptr : field->file(), wanted.containing_type(), sent, response);
        break;
      }
      case Request::kAllExtensionNumbersOfType:
        send_extensions(request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : server_.service_names()) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        for (const std::string& name : services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      default:
        refuse(StatusCode::kInvalidArgument, "a request that asks for nothing", response);
    }
    return response;
  }

  /// Searches the pools in their order. Null when none has it.
  template <class Find>
  auto find(const Find& find_in) const -> decltype(find_in(*DescriptorPool::generated_pool())) {
    for (const DescriptorPool* pool : pools_) {
      if (const auto found = find_in(*pool); found != nullptr) return found;
    }
    return nullptr;
  }

  static void refuse(StatusCode code, const std::string& why, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<int>(code));
    response.mutable_error_response()->set_error_message(why);
  }

  static void send_file(const FileDescriptor* file, const std::string& asked_for, Sent& sent, Response& response) {
    if (file == nullptr) return refuse(StatusCode::kNotFound, "not found: " + asked_for, response);
    response.mutable_file_descriptor_response();
    add_file(*file, sent, response, true);
  }

  static void add_file(const FileDescriptor& file, Sent& sent, Response& response, bool asked_for) {
    if (!sent.insert(&file).second && !asked_for) return;
    google::protobuf::FileDescriptorProto proto;
    file.CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
    for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i), sent, response, false);
  }

  void send_extensions(const std::string& name, Response& response) const {
    const Descriptor* type = find([&name](const DescriptorPool& pool) { return pool.FindMessageTypeByName(name); });
    if (type == nullptr) return refuse(StatusCode::kNotFound, "unknown message type " + name, response);
    auto& numbers = *response.mutable_all_extension_numbers_response();
    numbers.set_base_type_name(name);
    std::vector<const FieldDescriptor*> extensions;
    type->file()->pool()->FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* extension : extensions) numbers.add_extension_number(extension->number());
  }

  const Server& server_;
  std::vector<const DescriptorPool*> pools_;  // the user's before the program's
  std::vector<std::string> services_;
};

}  // namespace

Reflection::Reflection(Server& server, const ReflectionOptions& options)
    : v1_(std::make_unique<ReflectionService<grpc::reflection::v1::ServerReflectionRequest,
                                             grpc::reflection::v1::ServerReflectionResponse>>(
          "grpc.reflection.v1.ServerReflection", server, options)),
      v1alpha_(std::make_unique<ReflectionService<grpc::reflection::v1alpha::ServerReflectionRequest,
                                                  grpc::reflection::v1alpha::ServerReflectionResponse>>(
          "grpc.reflection.v1alpha.ServerReflection", server, options)) {
  server.add_service(*v1_);
  server.add_service(*v1alpha_);
}

Reflection::~Reflection() = default;

}  // namespace tern
