// Reflection: grpc.reflection.v1 and v1alpha, by which tools such as grpcurl learn a server's services and messages.
//
//   tern::Reflection reflection{server};
#pragma once

#include <memory>

#include "tern/server/server.h"

namespace tern {

/// Made before the server listens; gone only when it has stopped.
class Reflection {
 public:
  /// Adds both services to `server`, and tells of all that it has. Messages are those linked into the program.
  explicit Reflection(Server& server);
  Reflection(const Reflection&) = delete;
  Reflection& operator=(const Reflection&) = delete;
  ~Reflection();

 private:
  std::unique_ptr<Service> v1_;
  std::unique_ptr<Service> v1alpha_;
};

}  // namespace tern
