#include "rest/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "rest/entity_tag.h"

namespace tern::rest {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

std::string_view type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".map", "application/json"},
  }};
  const auto* known = std::ranges::find_if(kTypes, [name](const auto& type) { return name.ends_with(type.first); });
  return known == kTypes.end() ? "application/octet-stream" : known->second;
}

AsyncGenerator<std::string> pieces_of(std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPieceBytes))) {
    std::string piece{bytes.substr(0, kPieceBytes)};
    co_yield std::move(piece);
  }
}

Task<Response> redirect(std::string to) {
  Response response{308};
  response.fields.add("location", to);
  co_return response;
}

Task<Response> send_file(const EmbeddedFile& file, const std::string& tag, const Request& request) {
  Response response;
  if (if_none_match_has(request.fields, tag)) {
    response.status = 304;
  } else {
    response = Response::stream(type_of(file.name), pieces_of(file.bytes));
    response.length = file.bytes.size();
  }
  response.fields.add("etag", tag);
  response.fields.add("cache-control", "no-cache");  // asked for each time, and mostly not sent
  co_return response;
}

}  // namespace

void add_file_routes(Router& router, std::string_view path, std::span<const EmbeddedFile> files) {
  std::string folder{path};
  if (!folder.ends_with('/')) folder += '/';
  for (const EmbeddedFile& file : files) {
    const std::string tag = fmt::format("\"{:x}\"", std::hash<std::string_view>{}(file.bytes));
    const Handler handler = [&file, tag](Request& request) { return send_file(file, tag, request); };
    router.add("GET", folder + std::string{file.name}, handler);
    if (file.name != "index.html") continue;
    router.add("GET", folder, handler);
    // Without the slash, what the page names would be looked for one folder above.
    if (folder.size() == 1) continue;
    router.add("GET", path, [folder](Request& /*request*/) { return redirect(folder); });
  }
}

}  // namespace tern::rest
