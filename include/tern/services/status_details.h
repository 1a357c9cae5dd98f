// Errors with details: messages besides the text of a status, sent in grpc-status-details-bin as a google.rpc.Status.
//
//   google::rpc::BadRequest wrong;
//   wrong.add_field_violations()->set_field("name");
//   context.abort(tern::with_details(tern::StatusCode::kInvalidArgument, "a name is needed", wrong));
//   …
//   if (const auto wrong = tern::error_detail<google::rpc::BadRequest>(error.status())) …
#pragma once

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <optional>
#include <string>
#include <utility>

#include "tern/rpc/status.h"

namespace tern {

/// `details` are messages of any type; google/rpc/error_details.pb.h has the usual ones.
template <class... Details>
Status with_details(StatusCode code, std::string text, const Details&... details) {
  google::rpc::Status all;
  all.set_code(static_cast<int>(code));
  all.set_message(text);
  (all.add_details()->PackFrom(details), ...);
  return Status{code, std::move(text), all.SerializeAsString()};
}

/// All of them; nothing when the status has none, or they are broken.
inline std::optional<google::rpc::Status> error_details(const Status& status) {
  google::rpc::Status all;
  if (status.error_details().empty() || !all.ParseFromString(status.error_details())) return std::nullopt;
  return all;
}

/// The first of this type.
template <class Detail>
std::optional<Detail> error_detail(const Status& status) {
  const std::optional<google::rpc::Status> all = error_details(status);
  if (!all) return std::nullopt;
  for (const google::protobuf::Any& any : all->details()) {
    Detail found;
    if (any.Is<Detail>() && any.UnpackTo(&found)) return found;
  }
  return std::nullopt;
}

}  // namespace tern
