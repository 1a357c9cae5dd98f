#include "rest/gateway.h"

#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <array>

#include "call/wire_metadata.h"
#include "rest/content_coding.h"
#include "rest/status_json.h"
#include "rest/strict_json.h"
#include "rpc/header_names.h"
#include "rpc/timeout.h"
#include "text/log.h"
#include "text/number.h"
#include "text/utf8.h"
#include "transport/address.h"

namespace tern::rest {

namespace {

namespace pb = google::protobuf;

constexpr const char* kTypePrefix = "type.googleapis.com";

std::string url_of(const pb::Descriptor& type) { return fmt::format("{}/{}", kTypePrefix, type.full_name()); }

/// Fields that say something of this one exchange, not of the call.
bool belongs_to_http(std::string_view name) {
  static constexpr std::array<std::string_view, 15> kNames{"accept",
                                                           "accept-encoding",
                                                           "accept-language",
                                                           "cache-control",
                                                           "connection",
                                                           "expect",
                                                           "host",
                                                           "http2-settings",
                                                           "keep-alive",
                                                           "pragma",
                                                           "range",
                                                           "te",
                                                           "transfer-encoding",
                                                           "upgrade",
                                                           "x-grpc-web"};
  return std::ranges::find(kNames, name) != kNames.end() || name.starts_with("content-") || name.starts_with("if-") ||
         name.starts_with("access-control-") || name.starts_with("sec-") || name.starts_with("proxy-") ||
         name.starts_with("grpc-") || name.starts_with("connect-") || name.starts_with("tern-http-");
}

/// The call says it by itself, where the request is traced.
bool belongs_to_trace(std::string_view name) { return name == rpc::kTraceparent || name == rpc::kTracestate; }

void add_if_sound(Metadata& metadata, std::string_view name, std::string_view value) {
  if (name.ends_with("-bin")) {
    if (!metadata.add_received(name, value)) throw HttpError{400, "the field " + std::string{name} + " is not base64"};
    return;
  }
  try {
    metadata.add(name, value);
  } catch (const std::invalid_argument& error) {
    // HTTP allows more than gRPC; what it does not have does not travel on.
    log_debug("rest", "a field is not passed on: {}", text::log_text(error.what()));
  }
}

/// The client's own, in place of this program's, which Metadata::add() reserves.
void add_user_agent(Metadata& metadata, std::string_view value) {
  const bool printable = std::ranges::all_of(value, [](char letter) { return letter >= ' ' && letter <= '~'; });
  if (printable && !value.empty() && !metadata.get("user-agent")) metadata.add_received("user-agent", value);
}

/// A longer query could make the call's metadata longer than a server accepts.
constexpr std::size_t kLongestQuery = std::size_t{8} * 1024;

void add_http(Metadata& metadata, const Request& request) {
  add_if_sound(metadata, kHttpMethodKey, request.method);
  const std::string_view query = request.query();
  if (!query.empty() && query.size() <= kLongestQuery) add_if_sound(metadata, kHttpQueryKey, query);
}

}  // namespace

Gateway::Gateway(const SiteOptions& options)
    : options_(options),
      types_(pb::util::NewTypeResolverForDescriptorPool(kTypePrefix, pb::DescriptorPool::generated_pool())) {}

Gateway::~Gateway() = default;

void Gateway::connect_to(Server& server) {
  if (channel_ != nullptr) throw std::logic_error("a Site has the services of one server");
  server.listen(in_process_);
  channel_ = std::make_unique<Channel>(
      "in-process", ChannelOptions{.max_receive_message_length = std::nullopt, .in_process = &in_process_});
  for (const std::string& name : server.service_names()) {
    const pb::ServiceDescriptor* service = pb::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      methods_.emplace(path_of(*service->method(i)), service->method(i));
    }
  }
}

const pb::MethodDescriptor* Gateway::find(std::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : found->second;
}

Result<std::string> Gateway::to_json(const pb::Descriptor& type, const std::string& message) const {
  std::string json;
  pb::util::JsonPrintOptions options;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = options_.print_default_values;
#else
  options.always_print_primitive_fields = options_.print_default_values;
#endif
  const auto done = pb::util::BinaryToJsonString(types_.get(), url_of(type), message, &json, options);
  if (done.ok()) return json;
  return Status{StatusCode::kInternal,
                fmt::format("a {} cannot be written as JSON: {}", type.full_name(), done.ToString())};
}

Result<std::string> Gateway::from_json(const pb::Descriptor& type, std::string_view json) const {
  // An empty body is an empty message: curl without -d.
  if (json.empty()) return std::string{};
  const Status checked = check_json(json);
  if (!checked.ok()) return checked;
  return parse(type, json);
}

Result<std::string> Gateway::field_from_json(const pb::FieldDescriptor& field, std::string_view json) const {
  // Checked before it is wrapped: `{},"other":1` must not become a second member.
  const Status checked = check_json(json);
  if (!checked.ok()) return checked;
  return parse(*field.containing_type(), "{" + json_string(field.name()) + ":" + std::string{json} + "}");
}

Result<std::string> Gateway::parse(const pb::Descriptor& type, std::string_view json) const {
  std::string message;
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = !options_.reject_unknown_fields;
  pb::io::ArrayInputStream in{json.data(), static_cast<int>(json.size())};
  pb::io::StringOutputStream out{&message};
  const auto done = pb::util::JsonToBinaryStream(types_.get(), url_of(type), &in, &out, options);
  if (done.ok()) return message;
  return Status{StatusCode::kInvalidArgument,
                fmt::format("the JSON does not fit {}: {}", type.full_name(), std::string{done.message()})};
}

Metadata metadata_of(const Request& request) {
  Metadata metadata;
  std::string forwarded = request.fields.joined("x-forwarded-for");
  for (const auto& [name, value] : request.fields) {
    if (name == "user-agent") {
      add_user_agent(metadata, value);
    } else if (name != "x-forwarded-for" && !belongs_to_http(name) &&
               !(request.trace != nullptr && belongs_to_trace(name))) {
      add_if_sound(metadata, name, value);
    }
  }
  if (const std::string_view address = transport::host_of_peer(request.peer); !address.empty()) {
    if (!forwarded.empty()) forwarded += ", ";
    forwarded += address;
  }
  if (!forwarded.empty()) add_if_sound(metadata, "x-forwarded-for", forwarded);
  add_http(metadata, request);
  return metadata;
}

void add_fields(Fields& fields, const Metadata& metadata, std::string_view prefix) {
  http2::HeaderFields wire;
  FieldTexts texts;
  append_metadata(wire, metadata, texts);
  for (const http2::HeaderField& field : wire) {
    const std::string whole = std::string{prefix} + std::string{field.name};
    fields.add(whole, field.value);
  }
}

std::string path_of(const pb::MethodDescriptor& method) {
  return fmt::format("/{}/{}", method.service()->full_name(), method.name());
}

Task<Response> call_unary(const Gateway& gateway, const Request& request, std::string_view path, std::string message,
                          std::function<Response(Result<RawMessage>)> respond) {
  const Metadata metadata = metadata_of(request);
  CallInfo context;
  const CallOptions options{.timeout = timeout_of(request), .metadata = &metadata, .info = &context};
  const RawMessage raw{std::move(message)};
  Result<RawMessage> reply = co_await GenericStub{gateway.channel()}.unary(path, raw, options).result();
  Response response = respond(std::move(reply));
  // The service compresses, by its server's option or its handler's word: so does its answer over HTTP.
  if (context.message_was_compressed) {
    compress_body(response, response_coding(request, kHttpCodings));
    response.fields.add("vary", "accept-encoding");
  }
  add_fields(response.fields, context.initial_metadata);
  add_fields(response.fields, context.trailing_metadata, "trailer-");
  co_return response;
}

std::optional<std::chrono::nanoseconds> timeout_of(const Request& request) {
  if (const auto field = request.fields.get("connect-timeout-ms")) {
    const auto milliseconds = text::number_of<std::int64_t>(*field);
    if (!milliseconds || *milliseconds < 0 || field->size() > 10) {
      throw HttpError{400, "connect-timeout-ms is no number of at most ten digits"};
    }
    return std::chrono::milliseconds{*milliseconds};
  }
  const auto text = request.fields.get("grpc-timeout");
  if (!text) return std::nullopt;
  const auto timeout = rpc::parse_timeout(*text);
  if (!timeout) throw HttpError{400, "grpc-timeout \"" + std::string{*text} + "\" is no timeout"};
  return timeout;
}

}  // namespace tern::rest
