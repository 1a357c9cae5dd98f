// How Connect writes errors and the ends of streams: as JSON, with codes as words (connectrpc.com/docs/protocol, "Error
// and EndStreamResponse").
#pragma once

#include <string>
#include <string_view>

#include "rest/gateway.h"
#include "tern/rest/message.h"
#include "tern/rpc/metadata.h"
#include "tern/rpc/status.h"

namespace tern::rest {

/// {"code":"not_found","message":"…","details":[…]}. Details have "debug" where SiteOptions::debug_error_details asks
/// for it.
std::string connect_error(const Gateway& gateway, const Status& status);
/// The content of a stream's last envelope.
std::string connect_end(const Gateway& gateway, const Status& status, const Metadata& trailing);

/// A unary call's error as its response, with the HTTP status of its code.
Response connect_failure(const Gateway& gateway, const Status& status);
/// An error that HTTP has a status for and Connect no code. Clients take the code from the body, which therefore has
/// the one that they would infer from the status (404, 405, 415).
Response connect_refusal(unsigned http_status, std::string_view message);

/// What HTTP's error is as the end of a call.
Status status_of(const HttpError& error);

/// An error of HTTP whose code is not the usual one of its status.
class CodedHttpError final : public HttpError {
 public:
  CodedHttpError(unsigned http_status, StatusCode its_code, const std::string& message)
      : HttpError(http_status, message), code_(its_code) {}
  [[nodiscard]] StatusCode code() const noexcept { return code_; }

 private:
  StatusCode code_;
};

}  // namespace tern::rest
