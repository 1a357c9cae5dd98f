// Gateway: the services behind a site: their methods by path, the channel to them, and their messages as JSON. A
// request in any of the site's protocols becomes a gRPC call of the server in the same process, so that interceptors,
// limits, deadlines and cancellation are those of every other call.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/type_resolver.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/client/channel.h"
#include "tern/client/generic_stub.h"
#include "tern/rest/message.h"
#include "tern/rest/site.h"
#include "tern/server/server.h"
#include "tern/transport/in_process.h"

namespace tern::rest {

class Gateway {
 public:
  explicit Gateway(const SiteOptions& options);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  /// Every service that it has by now. Those whose messages this program does not know (generic ones) are there for
  /// binary messages only.
  void connect_to(Server& server);
  [[nodiscard]] bool connected() const noexcept { return channel_ != nullptr; }
  [[nodiscard]] Channel& channel() const noexcept { return *channel_; }
  [[nodiscard]] const SiteOptions& options() const noexcept { return options_; }

  using Methods = std::map<std::string, const google::protobuf::MethodDescriptor*, std::less<>>;
  /// By "/package.Service/Method".
  [[nodiscard]] const Methods& methods() const noexcept { return methods_; }
  /// Null when it is not known.
  [[nodiscard]] const google::protobuf::MethodDescriptor* find(std::string_view path) const;

  /// Returns a serialised message as JSON; INTERNAL if protobuf cannot write it.
  [[nodiscard]] Result<std::string> to_json(const google::protobuf::Descriptor& type, const std::string& message) const;
  /// Returns the message of a JSON object, serialised; an empty text is an empty message. INVALID_ARGUMENT if the text
  /// is not strict JSON (strict_json.h) or does not fit the type.
  [[nodiscard]] Result<std::string> from_json(const google::protobuf::Descriptor& type, std::string_view json) const;
  /// Returns a message of the field's type, serialised, in which only this field is set, to the value that `json` is.
  /// The value may be of any kind: a scalar, an object, an array. INVALID_ARGUMENT as with from_json().
  [[nodiscard]] Result<std::string> field_from_json(const google::protobuf::FieldDescriptor& field,
                                                    std::string_view json) const;

 private:
  [[nodiscard]] Result<std::string> parse(const google::protobuf::Descriptor& type, std::string_view json) const;

  const SiteOptions& options_;
  InProcess in_process_;
  std::unique_ptr<Channel> channel_;
  Methods methods_;
  std::unique_ptr<google::protobuf::util::TypeResolver> types_;
};

/// Returns the metadata of the request's call: its fields but those that are HTTP's or the protocol's own, with the
/// client's user-agent, its address at the end of x-forwarded-for, and the entries of kHttpMethodKey and
/// kHttpQueryKey.
Metadata metadata_of(const Request& request);
/// Metadata as header fields of a response, "-bin" values in base64; `prefix` before each name.
void add_fields(Fields& fields, const Metadata& metadata, std::string_view prefix = {});

/// The name of a method on the wire: "/package.Service/Method".
std::string path_of(const google::protobuf::MethodDescriptor& method);

/// Makes a call with one message each way for `request`; what `respond` makes of the reply is the response, with the
/// call's metadata. Compresses it where the service does and the client's accept-encoding allows it. `path` outlives
/// it.
Task<Response> call_unary(const Gateway& gateway, const Request& request, std::string_view path, std::string message,
                          std::function<Response(Result<RawMessage>)> respond);

/// Of grpc-timeout and connect-timeout-ms. Throws HttpError (400) when it is no timeout.
std::optional<std::chrono::nanoseconds> timeout_of(const Request& request);

}  // namespace tern::rest
