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

}  // namespace bench
