// Requests as REST: path templates, and methods' messages from paths, queries and JSON.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.h"
#include "library.pb.h"
#include "rest/gateway.h"
#include "rest/http_binding.h"
#include "rest/path_template.h"
#include "rest/request_message.h"
#include "tern/rest/message.h"

using tern::fuzz::Input;
using tern::rest::HttpBinding;
using tern::rest::HttpError;
using tern::rest::PathTemplate;
using tern::rest::Request;

namespace {

struct NoBody final : tern::rest::BodySource {
  tern::Task<std::optional<std::string>> read_body() override { co_return std::nullopt; }
};

std::vector<HttpBinding> all_bindings() {
  std::vector<HttpBinding> bindings;
  const google::protobuf::ServiceDescriptor& service = *tern::test::library::v1::Book::descriptor()->file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    for (HttpBinding& binding : tern::rest::bindings_of(*service.method(i))) bindings.push_back(std::move(binding));
  }
  return bindings;
}

void read_template(std::string_view text, std::string_view path) {
  try {
    const PathTemplate parsed = PathTemplate::parse(text);
    const std::vector<std::string_view> segments = tern::rest::segments_of(path);
    if (segments.size() == parsed.segments().size()) static_cast<void>(parsed.values(segments));
  } catch (const std::invalid_argument&) {
    return;  // said what is wrong with it
  } catch (const HttpError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<HttpBinding> bindings = all_bindings();
  static const tern::rest::SiteOptions options;
  static const tern::rest::Gateway gateway{options};
  Input input{data, size};
  const HttpBinding& binding = bindings[input.byte() % bindings.size()];
  const std::string_view target = input.text_until('\n');
  const std::string_view parameter = input.text_until('\n');
  read_template(parameter, target);
  NoBody none;
  Request request{binding.http_method(), "/" + std::string{target}, none, 1 << 20};
  for (const PathTemplate::Variable& variable : binding.path_template().variables()) {
    request.path_parameters.emplace(variable.name, parameter);
  }
  const std::span<const std::uint8_t> body = input.rest();
  try {
    static_cast<void>(tern::rest::request_message(gateway, binding, request,
                                                  {reinterpret_cast<const char*>(body.data()), body.size()}));
  } catch (const HttpError& error) {
    tern::fuzz::require(error.status() == 400, "a request that cannot be read is the client's fault");
  }
  return 0;
}
