// Reflection: grpc.reflection.v1 and v1alpha, by which tools such as grpcurl learn a server's services and messages.
//
//   tern::Reflection reflection{server};
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tern/api.h"
#include "tern/server/server.h"

namespace google::protobuf {
class DescriptorPool;
}

namespace tern {

struct ReflectionOptions {
  /// Descriptors that are looked up before those linked into the program: of messages that the program reads at run
  /// time, as a proxy does. Must outlive the Reflection, and be safe to use on each of the server's loops. Null: none.
  const google::protobuf::DescriptorPool* pool = nullptr;
  /// Full names of services that are listed besides the server's own: services that a GenericService answers.
  std::vector<std::string> services = {};
};

/// Made before the server listens; gone only when it has stopped.
class TERN_API Reflection {
 public:
  /// Adds both services to `server`, and lists all services that it has.
  explicit Reflection(Server& server, const ReflectionOptions& options = {});
  Reflection(const Reflection&) = delete;
  Reflection& operator=(const Reflection&) = delete;
  ~Reflection();

 private:
  std::unique_ptr<Service> v1_;
  std::unique_ptr<Service> v1alpha_;
};

}  // namespace tern
