#include "tern/rest/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "async/error_text.h"
#include "call/option_check.h"
#include "rest/client_exchange.h"
#include "rest/client_request_head.h"
#include "rest/client_url.h"
#include "rest/connection_pool.h"
#include "rest/redirection.h"
#include "rest/sent_observation.h"
#include "rpc/job_trace.h"
#include "tern/async/loop.h"
#include "tern/async/with_timeout.h"
#include "tern/async/yield.h"

namespace tern::rest {

namespace {

// The body of a redirect that is read rather than cut off with its connection.
constexpr std::size_t kSkippedRedirectBytes = std::size_t{64} * 1024;

// Times that a request is sent again because the server says that it did not process it. A server that is shutting down
// says so once, one at its limit of streams now and then.
constexpr unsigned kRepeatsUnprocessed = 3;

/// Requests that may be sent again without harm (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

void check(const ClientRequest& request) {
  const bool letters = !request.method.empty() &&
                       std::ranges::all_of(request.method, [](char letter) { return letter >= 'A' && letter <= 'Z'; });
  if (!letters) throw std::invalid_argument("\"" + request.method + "\" is not an HTTP method");
  for (const std::string_view name : {"content-length", "transfer-encoding", "trailer"}) {
    if (!request.fields.get(name)) continue;
    throw std::invalid_argument(fmt::format("the field \"{}\" is written by the client: set the request's body", name));
  }
}

/// A Range counts the bytes of the representation as it is stored, and HEAD has no body.
bool asks_for_compression(const ClientRequest& request, const ClientOptions& options) {
  return options.decompress && request.method != "HEAD" && !request.fields.get("accept-encoding") &&
         !request.fields.get("range");
}

}  // namespace

ClientStream::ClientStream(std::unique_ptr<ClientExchange> exchange) : exchange_(std::move(exchange)) {}
ClientStream::ClientStream(ClientStream&& other) noexcept = default;
ClientStream& ClientStream::operator=(ClientStream&& other) noexcept = default;
ClientStream::~ClientStream() = default;

Task<std::optional<std::string>> ClientStream::read() {
  std::optional<std::string> piece;
  std::exception_ptr error;
  try {
    if (exchange_ != nullptr) piece = co_await exchange_->read_body();
  } catch (...) {
    error = std::current_exception();
  }
  if (piece) co_return piece;
  co_await Yield{};  // a caller may read on in a loop
  if (error) {
    exchange_->failed(error_text(error));
    std::rethrow_exception(error);
  }
  if (exchange_ != nullptr) exchange_->finished();
  exchange_.reset();  // its connection is for the next request
  co_return std::nullopt;
}

class Client::Core {
 public:
  explicit Core(ClientOptions options)
      : options_(std::move(options)), pool_(Loop::require_current("a rest::Client"), options_) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() = default;

  void add_observer(ClientObserver& observer) {
    auto more = std::make_shared<ClientObservers>(*observers_);
    more->push_back(&observer);
    observers_ = std::move(more);
  }

  Task<ClientStream> open(ClientRequest request) {
    unsigned sent = 0;
    for (unsigned redirects = 0;; ++redirects) {
      check(request);
      const ClientUrl url = ClientUrl::parse(request.url);
      const bool had_pieces = static_cast<bool>(request.pieces);
      std::optional<ClientStream> response;
      std::optional<Redirection> next;
      std::string failure;
      try {
        response.emplace(co_await exchange(request, url, sent));
        next = redirection(request, *response, had_pieces);
        if (next && redirects == options_.max_redirects) {
          failure = fmt::format("more than {} redirects (ClientOptions::max_redirects), the last to {}", redirects,
                                next->url);
        }
        if (next) {
          co_await skip_body(*response);
          if (response->exchange_ != nullptr) response->exchange_->finished();
        }
      } catch (const ClientError& error) {
        failure = error.what();
      } catch (const TimedOut& error) {
        failure = error.what();
      }
      if (!failure.empty()) throw ClientError{name_of(request.method, url) + ": " + failure};
      if (!next) {
        response->url = request.url;
        co_return *std::move(response);
      }
      response.reset();
      follow(request, *next);
    }
  }

  Task<ClientResponse> send(ClientRequest request) {
    co_await Yield{};  // see Client::open
    const std::string name = name_of(request.method, ClientUrl::parse(request.url));
    std::string failure;
    try {
      co_return co_await with_timeout(options_.timeout, whole(std::move(request)));
    } catch (const TimedOut& error) {
      failure = error.what();
    }
    throw ClientError{name + ": " + failure};
  }

  [[nodiscard]] std::size_t connections() const noexcept { return pool_.connections(); }

 private:
  static std::string name_of(const std::string& method, const ClientUrl& url) {
    return fmt::format("{} {}://{}", method, url.secure ? "https" : "http", url.authority);
  }

  [[nodiscard]] std::optional<Redirection> redirection(const ClientRequest& request, const ClientStream& response,
                                                       bool had_pieces) const {
    if (options_.max_redirects == 0) return std::nullopt;
    std::optional<Redirection> next;
    try {
      next = redirection_of(request.method, request.url, response.status, response.fields);
    } catch (const std::invalid_argument& error) {
      throw ClientError{error.what()};
    }
    if (next && had_pieces && !next->as_get) return std::nullopt;
    return next;
  }

  /// Null where nobody observes. `sent`: how often the request was sent before.
  [[nodiscard]] std::unique_ptr<SentObservation> observe(const ClientRequest& request, const ClientUrl& url,
                                                         unsigned sent) const {
    if (observers_->empty()) return nullptr;
    SentRequest seen;
    seen.method = request.method;
    seen.url = request.url.substr(0, request.url.find('#'));
    seen.host = url.host;
    seen.port = url.port;
    seen.secure = url.secure;
    seen.resent = sent;
    if (const Job* job = Job::current()) seen.trace = rpc::shared_trace_of(*job);
    return std::make_unique<SentObservation>(observers_, std::move(seen), options_.timeout);
  }
  static const TraceContext* trace_of(const SentObservation* observation) {
    if (observation != nullptr) return observation->request().trace.get();
    return Job::current() != nullptr ? rpc::trace_of(*Job::current()) : nullptr;
  }

  Task<std::unique_ptr<ClientCodec>> codec_for(const ClientUrl& url, SentObservation* observation) {
    try {
      co_return co_await with_timeout(options_.timeout, pool_.codec_for(url));
    } catch (const std::exception& error) {
      if (observation != nullptr) observation->failed(error.what());
      throw;
    }
  }

  Task<ClientStream> exchange(ClientRequest& request, const ClientUrl& url, unsigned& sent) {
    const bool compressed = asks_for_compression(request, options_);
    const bool repeatable = !request.pieces;  // pieces are gone once they are sent
    bool may_be_lost = repeatable && is_idempotent(request.method);
    for (unsigned unprocessed = 0;;) {
      std::unique_ptr<SentObservation> observation = observe(request, url, sent++);
      std::unique_ptr<ClientCodec> codec = co_await codec_for(url, observation.get());
      RequestHead request_head{request, url, compressed, trace_of(observation.get())};
      auto exchange = std::make_unique<ClientExchange>(std::move(codec), options_, std::move(observation));
      exchange->begin(std::move(request_head), request);
      try {
        ResponseHead head = co_await exchange->read_head();
        if (compressed) decompress(*exchange, head.fields);
        ClientStream response{std::move(exchange)};
        response.status = head.status;
        response.fields = std::move(head.fields);
        co_return response;
      } catch (const RequestUnprocessed& error) {
        exchange->failed(error.what());
        if (!repeatable || ++unprocessed > kRepeatsUnprocessed) throw;
        if (dynamic_cast<const Http1Required*>(&error) != nullptr) pool_.require_http1(url);
        continue;
      } catch (const ConnectionLost& error) {
        exchange->failed(error.what());
        // The server may close a kept connection while a request is on its way to it.
        const ClientCodec& used = exchange->codec();
        if (!may_be_lost || !used.on_kept_connection() || used.answered()) throw;
      } catch (const std::exception& error) {
        if (exchange != nullptr) exchange->failed(error.what());
        throw;
      }
      may_be_lost = false;
      exchange.reset();
      pool_.close_idle(url);
    }
  }

  /// So that the connection serves the next request too, where the body is short.
  static Task<void> skip_body(ClientStream& response) {
    std::size_t skipped = 0;
    while (skipped < kSkippedRedirectBytes) {
      const std::optional<std::string> piece = co_await response.read();
      if (!piece) co_return;
      skipped += piece->size();
    }
  }

  static void decompress(ClientExchange& exchange, Fields& fields) {
    const auto coding = fields.get("content-encoding");
    if (!coding) return;
    std::unique_ptr<BodyInflater> inflater = BodyInflater::make(*coding);
    if (inflater == nullptr) return;  // the caller sees the field
    exchange.inflate(std::move(inflater));
    fields.remove("content-encoding");
    fields.remove("content-length");
  }

  Task<ClientResponse> whole(ClientRequest request) {
    const std::string method = request.method;
    ClientStream stream = co_await open(std::move(request));
    ClientResponse response;
    std::string failure;
    try {
      while (std::optional<std::string> piece = co_await stream.read()) {
        if (response.body.size() + piece->size() > options_.max_body_length) {
          throw ClientError{"the response is too long (ClientOptions::max_body_length)"};
        }
        response.body += *piece;
      }
    } catch (const ClientError& error) {
      failure = error.what();
    }
    if (!failure.empty()) throw ClientError{name_of(method, ClientUrl::parse(stream.url)) + ": " + failure};
    response.status = stream.status;
    response.fields = std::move(stream.fields);
    response.url = std::move(stream.url);
    co_return response;
  }

  ClientOptions options_;
  std::shared_ptr<const ClientObservers> observers_ = std::make_shared<ClientObservers>();
  ConnectionPool pool_;
};

namespace {

ClientOptions checked(ClientOptions options) {
  require_positive("rest::ClientOptions::timeout", options.timeout);
  require_not_zero("rest::ClientOptions::max_connections_per_host", options.max_connections_per_host,
                   "is 0: no request could be made");
  require_positive("rest::ClientOptions::idle_timeout", options.idle_timeout);
  require_not_zero("rest::ClientOptions::max_header_length", options.max_header_length,
                   "is 0: every response would be rejected");
  require_not_zero("rest::ClientOptions::max_body_length", options.max_body_length,
                   "is 0: every response with a body would be rejected");
  return options;
}

}  // namespace

Client::Client(ClientOptions options) : core_(std::make_unique<Core>(checked(std::move(options)))) {}
Client::~Client() = default;

// An invalid request fails without waiting for anything, and its caller may try again in a loop.
Task<ClientStream> Client::open(ClientRequest request) {
  co_await Yield{};
  co_return co_await core_->open(std::move(request));
}
Task<ClientResponse> Client::send(ClientRequest request) { return core_->send(std::move(request)); }
Task<ClientResponse> Client::get(std::string url) { return core_->send(ClientRequest{"GET", std::move(url)}); }
Task<ClientResponse> Client::post(std::string url, std::string_view content_type, std::string body) {
  ClientRequest request{"POST", std::move(url)};
  request.fields.add("content-type", content_type);
  request.body = std::move(body);
  return core_->send(std::move(request));
}
void Client::add_observer(ClientObserver& observer) { core_->add_observer(observer); }
std::size_t Client::connections() const noexcept { return core_->connections(); }

}  // namespace tern::rest
