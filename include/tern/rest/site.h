// Site: what a server's ports answer besides gRPC: routes of one's own as coroutines, every service as JSON by its
// google.api.http annotations, and for browsers gRPC-Web and Connect; with the pages that describe it.
//
//   tern::rest::Site site;
//   site.route("GET", "/health", [](tern::rest::Request&) -> tern::Task<tern::rest::Response> {
//     co_return tern::rest::Response::json(R"({"status":"ok"})");
//   });
//   tern::Server server;
//   server.add_service(users);
//   site.add_services(server);
//   server.listen("[::]:8000", {.http = &site});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/detail/http_handler.h"
#include "tern/rest/message.h"
#include "tern/rest/observer.h"
#include "tern/server/server.h"

namespace tern {
class Channel;
}

namespace tern::rest {

/// Which pages of other origins may call (the CORS protocol of the Fetch standard).
struct CorsOptions {
  /// "https://example.com", or "*" for all; none: only pages of the site itself.
  std::vector<std::string> origins = {};
  /// Lets them send cookies and read answers to such requests; not together with "*".
  bool credentials = false;
  /// How long browsers may remember a permission.
  std::chrono::seconds max_age = std::chrono::hours{2};
};

/// An error that a site answers a request with.
struct SiteError {
  /// The request, as far as it was read. If its head was rejected, method, target and fields may be missing.
  const Request& request;
  /// The response's, from 400 to 599.
  unsigned http_status;
  /// The code, the text for the client, and the error details of a call.
  const Status& status;
};

/// Makes the response for an error: its body and its fields. The status is the error's, whatever the function sets, and
/// the fields that the error needs are added (Allow, Accept-Post, a call's metadata). Runs on the request's loop, at
/// the same time on several loops of a server. When it throws, or its response has `pieces`, the failure is logged and
/// the client gets google.rpc.Status.
using ErrorResponse = std::function<Response(const SiteError&)>;

struct SiteOptions {
  /// The longest header block of an HTTP/1.1 request that is accepted, in bytes; for HTTP/2 it is
  /// ServerOptions::max_metadata_size. A longer one is answered with 431. Default: 16 KiB. Raise it for long cookies.
  std::size_t max_header_length = std::size_t{16} * 1024;
  /// The longest body that is accepted as a whole, and the longest message in a stream, in bytes. A longer one is
  /// answered with 413. ServerOptions::max_receive_message_length limits calls besides. Default: 4 MiB. Raise it for
  /// uploads, or read them piece by piece.
  std::size_t max_body_length = std::size_t{4} * 1024 * 1024;
  /// Gives handlers and JSON routes request bodies without their Content-Encoding: gzip and deflate are decompressed,
  /// other codings are rejected with 415. False: bodies come as they were sent, with the field that says how.
  bool decompress_requests = true;
  /// Compresses with gzip, for clients that accept it: files, JSON routes and routes of one's own whose content type is
  /// text, JSON, XML or a script, of 1 KiB or more, and streams piece by piece. `Cache-Control: no-transform` in a
  /// response exempts it. Set it to false where responses have a secret beside text that another page can choose
  /// (docs/security.md, "Compression"). Services that compress by
  /// ServerOptions::compression or set_compression() still do.
  bool compress_responses = true;
  /// Closes a connection on which a request's head has not arrived by then, counted from the end of the request before,
  /// or the next piece of a body. Default: 60 s. Lower it where connections are scarce.
  std::chrono::nanoseconds read_timeout = std::chrono::seconds{60};
  /// Closes a connection whose client reads nothing of a response for this long. Default: 30 s.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds{30};
  /// JSON has every field, those with default values too; without, as protobuf's mapping says.
  bool print_default_values = false;
  /// Rejects JSON with names that the message does not have (400). Default: false, the names are ignored, so that
  /// clients can be newer than the server.
  bool reject_unknown_fields = false;
  /// Connect's errors have each detail as JSON too, under "debug", where the program knows its type.
  bool debug_error_details = false;
  /// The form of the site's own errors: unknown paths and methods, rejected requests, handlers' HttpErrors and
  /// exceptions, and failed calls of JSON routes. Empty: google.rpc.Status as JSON. Errors of Connect, gRPC-Web and
  /// gRPC keep the form of their protocols, and so does an error inside of a stream that has begun.
  ErrorResponse error_response = {};
  CorsOptions cors = {};
  /// What /openapi.json says the site is called.
  std::string title = "API";
  std::string version = "1";
};

/// Keys of two entries that a site adds to ServerContext::metadata(): the HTTP method of the request ("GET"), and its
/// query as it was sent, where there is one of at most 8 KiB. The site drops fields of these names that an HTTP client
/// sends; a gRPC client may send them.
inline constexpr std::string_view kHttpMethodKey = "tern-http-method";
inline constexpr std::string_view kHttpQueryKey = "tern-http-query";

using Handler = std::function<Task<Response>(Request&)>;

/// A file that is part of the program, as tern_embed() makes it (cmake/TernEmbed.cmake).
struct EmbeddedFile {
  std::string_view name;  // "index.html", "css/site.css"
  std::string_view bytes;
  /// When the file changed last; it becomes Last-Modified. 1970: not known.
  std::chrono::sys_seconds modified = {};
};

/// Lives on the loop that it is made on; serves on all of its server's. Outlives the server.
class TERN_API Site final : public HttpHandler {
 public:
  /// Throws std::invalid_argument for an option whose value makes no sense.
  explicit Site(SiteOptions options = {});
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site();

  /// Before the server listens. `path` may have parameters as google.api.http has them: "/users/{id}",
  /// "/files/{name=**}". HEAD is answered where GET is. Throws std::invalid_argument for a path that is none, and for a
  /// route that is there already. Unknown paths are answered with 404, known ones with another method with 405, and a
  /// handler's exception with 500, without its text. The site does not look at a route's content type nor at its
  /// origin: a handler that changes something checks them itself, or any page may send it a form (docs/security.md).
  void route(std::string_view method, std::string_view path, Handler handler);
  /// Files under `path`; "index.html" also as `path` itself. Browsers ask for each again with its ETag or date and get
  /// 304 while it is the same; ranges are served. Text is compressed once, here, if compress_responses is set.
  void add_files(std::string_view path, std::span<const EmbeddedFile> files);

  /// Serves every service that `server` has by now, as JSON, gRPC-Web and Connect. Call it before the server listens.
  /// An annotation that cannot be served, or that has the method and path of another route, is left out with a warning
  /// that names the method, its file and the reason. Bodies of JSON routes need a JSON
  /// content type (415 otherwise). Pages of other origins may not call methods that change something, unless `cors`
  /// names them (403).
  void add_services(Server& server);

  /// Before the server listens; `observer` must outlive it.
  void add_observer(RequestObserver& observer);

  /// GET `path`: the calls in flight as JSON, the oldest first: "answered" by `server`, HTTP requests among them, and
  /// "made" over `channels`; each with method, peer, age, deadline, what it awaits and its coroutines. Server and
  /// channels may end before the site. It shows the peers' addresses, and paths that clients sent: give it to a site on
  /// a port that only operators reach (docs/debugging.md).
  void add_running_calls(const Server& server, const std::vector<const Channel*>& channels = {},
                         std::string_view path = "/debug/calls");

  /// GET /openapi.json: the routes of add_services() as OpenAPI 3.1, with the comments of the .proto files.
  void add_openapi();

 private:
  std::unique_ptr<HttpPart> make_part(Loop& loop, http2::LoopBudget& memory, transport::LingeringCloses& closing,
                                      std::function<void()> emptied) override;

  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::rest
