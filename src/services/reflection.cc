#include "tern/services/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>

#include <set>
#include <string>
#include <vector>

#include "tern/server/method_handler.h"

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
  ReflectionService(std::string name, const Server& server) : Service(std::move(name)), server_(server) {
    add_method("ServerReflectionInfo", make_handler(*this, &ReflectionService::ServerReflectionInfo));
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
    const DescriptorPool& pool = *DescriptorPool::generated_pool();
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        send_file(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(), sent, response);
        break;
      case Request::kFileContainingSymbol:
        send_file(pool.FindFileContainingSymbol(request.file_containing_symbol()), request.file_containing_symbol(),
                  sent, response);
        break;
      case Request::kFileContainingExtension: {
        const auto& wanted = request.file_containing_extension();
        const Descriptor* type = pool.FindMessageTypeByName(wanted.containing_type());
        const FieldDescriptor* field =
            type == nullptr ? nullptr : pool.FindExtensionByNumber(type, wanted.extension_number());
        send_file(field == nullptr ? nullptr : field->file(), wanted.containing_type(), sent, response);
        break;
      }
      case Request::kAllExtensionNumbersOfType:
        send_extensions(pool, request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : server_.service_names()) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      default:
        refuse(StatusCode::kInvalidArgument, "a request that asks for nothing", response);
    }
    return response;
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

  static void send_extensions(const DescriptorPool& pool, const std::string& name, Response& response) {
    const Descriptor* type = pool.FindMessageTypeByName(name);
    if (type == nullptr) return refuse(StatusCode::kNotFound, "unknown message type " + name, response);
    auto& numbers = *response.mutable_all_extension_numbers_response();
    numbers.set_base_type_name(name);
    std::vector<const FieldDescriptor*> extensions;
    pool.FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* extension : extensions) numbers.add_extension_number(extension->number());
  }

  const Server& server_;
};

}  // namespace

Reflection::Reflection(Server& server)
    : v1_(std::make_unique<ReflectionService<grpc::reflection::v1::ServerReflectionRequest,
                                             grpc::reflection::v1::ServerReflectionResponse>>(
          "grpc.reflection.v1.ServerReflection", server)),
      v1alpha_(std::make_unique<ReflectionService<grpc::reflection::v1alpha::ServerReflectionRequest,
                                                  grpc::reflection::v1alpha::ServerReflectionResponse>>(
          "grpc.reflection.v1alpha.ServerReflection", server)) {
  server.add_service(*v1_);
  server.add_service(*v1alpha_);
}

Reflection::~Reflection() = default;

}  // namespace tern
