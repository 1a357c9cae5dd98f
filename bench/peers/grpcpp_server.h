// What grpc++'s three servers have in common.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "arguments.h"

namespace bench {

inline std::shared_ptr<grpc::ServerCredentials> credentials(const Arguments& arguments) {
  if (!arguments.tls()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({read_file(arguments.key), read_file(arguments.certificate)});
  return grpc::SslServerCredentials(options);
}

inline void set_up(grpc::ServerBuilder& builder, const Arguments& arguments) {
  builder.AddListeningPort(arguments.address(), credentials(arguments));
  builder.SetMaxReceiveMessageSize(kMaxMessageLength);
}

/// Serves both, as the program's arguments say, for ever.
template <class Users, class Chats>
void serve(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  Users users{arguments};
  Chats chats;
  grpc::ServerBuilder builder;
  set_up(builder, arguments);
  builder.RegisterService(&users);
  builder.RegisterService(&chats);
  builder.BuildAndStart()->Wait();
}

}  // namespace bench
