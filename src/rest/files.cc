// Browsers ask each time whether theirs are still the same (Cache-Control: no-cache), and get 304 by the tag. A text
// file has two representations, of which each has a strong tag of its own (RFC 9110 §8.8.3.3): the plain one, of which
// ranges can be had, and gzip for clients that accept it and ask for no range.
#include "rest/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "rest/content_coding.h"
#include "rest/entity_tag.h"
#include "rest/representation.h"
#include "rest/response_compression.h"

namespace tern::rest {

namespace {

std::string_view type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".csv", "text/csv; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".xml", "application/xml"},
      {".wasm", "application/wasm"},
      {".pdf", "application/pdf"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
  }};
  const auto* known = std::ranges::find_if(kTypes, [name](const auto& type) { return name.ends_with(type.first); });
  return known == kTypes.end() ? "application/octet-stream" : known->second;
}

struct KeptFile {
  Representation plain;
  std::string gzip_bytes;
  /// Where gzip makes the file shorter. Points into gzip_bytes.
  std::optional<Representation> gzip;
};

std::shared_ptr<const KeptFile> keep(const EmbeddedFile& file, bool compress) {
  auto kept = std::make_shared<KeptFile>();
  const std::string hash = fmt::format("{:x}", std::hash<std::string_view>{}(file.bytes));
  kept->plain = {.type = std::string{type_of(file.name)}, .bytes = file.bytes};
  kept->plain.validators.tag = entity_tag(hash);
  if (file.modified != std::chrono::sys_seconds{}) kept->plain.validators.modified = file.modified;
  if (!compress || !is_compressible(kept->plain.type)) return kept;
  kept->gzip_bytes = gzip_of(file.bytes);
  if (kept->gzip_bytes.size() >= file.bytes.size()) return kept;
  kept->gzip = kept->plain;
  kept->gzip->bytes = kept->gzip_bytes;
  kept->gzip->coding = "gzip";
  kept->gzip->validators.tag = entity_tag(hash + "-gzip");
  return kept;
}

Task<Response> redirect(std::string to) {
  Response response{308};
  response.fields.add("location", to);
  co_return response;
}

Task<Response> send_file(std::shared_ptr<const KeptFile> file, const Request& request) {
  const bool asks_for_range = request.method == "GET" && request.fields.get("range");
  const bool gzip = file->gzip && !asks_for_range && accepts_gzip(request.fields.joined("accept-encoding"));
  Response response = serve_representation(request, gzip ? *file->gzip : file->plain);
  if (file->gzip) response.fields.add("vary", "accept-encoding");
  if (response.status < 400) response.fields.add("cache-control", "no-cache");
  co_return response;
}

}  // namespace

void add_file_routes(Router& router, std::string_view path, std::span<const EmbeddedFile> files, bool compress) {
  std::string folder{path};
  if (!folder.ends_with('/')) folder += '/';
  for (const EmbeddedFile& file : files) {
    const Handler handler = [kept = keep(file, compress)](Request& request) { return send_file(kept, request); };
    router.add("GET", folder + std::string{file.name}, handler);
    if (file.name != "index.html") continue;
    router.add("GET", folder, handler);
    // Without the slash, what the page names would be looked for one folder above.
    if (folder.size() == 1) continue;
    router.add("GET", path, [folder](Request& /*request*/) { return redirect(folder); });
  }
}

}  // namespace tern::rest
