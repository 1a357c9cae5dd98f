#include "tern/rest/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <exception>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "rest/client_connection.h"
#include "rpc/header_names.h"
#include "tern/async/event.h"
#include "tern/async/loop.h"
#include "tern/async/with_timeout.h"
#include "tern/rpc/trace_context.h"
#include "tern/version.h"
#include "transport/connector.h"
#include "transport/tls_stream.h"

namespace tern::rest {

namespace {

/// Where a URL leads to.
struct Place {
  std::string host;  // without brackets
  std::string authority;
  std::uint16_t port = 80;
  bool secure = false;
  std::string target;

  [[nodiscard]] std::string key() const { return (secure ? "https://" : "http://") + authority; }
};

Place place_of(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->host().empty()) {
    throw std::invalid_argument("\"" + url + "\" is no URL like http://host/path or https://host/path");
  }
  Place place;
  place.host = parsed->host_address();
  place.authority = parsed->encoded_host_and_port();
  place.secure = parsed->scheme() == "https";
  place.port = place.secure ? 443 : 80;
  if (parsed->has_port()) place.port = parsed->port_number();
  place.target = parsed->encoded_target();
  if (!place.target.starts_with('/')) place.target.insert(0, "/");
  return place;
}

std::string text_of(const ClientRequest& request, const Place& place) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\nuser-agent: {}\r\n", request.method, place.target,
                                 place.authority, kUserAgent);
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body) fmt::format_to(std::back_inserter(text), "content-length: {}\r\n", request.body.size());
  for (const auto& [name, value] : request.fields) fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
  const TraceContext* trace = Job::current() != nullptr ? Job::current()->trace.get() : nullptr;
  if (trace != nullptr && !request.fields.get(rpc::kTraceparent)) {
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", rpc::kTraceparent, trace->traceparent());
    if (!trace->tracestate().empty()) {
      fmt::format_to(std::back_inserter(text), "{}: {}\r\n", rpc::kTracestate, trace->tracestate());
    }
  }
  return text + "\r\n" + request.body;
}

/// What may be sent again without harm (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

void check_method(std::string_view method) {
  const bool letters =
      !method.empty() && std::ranges::all_of(method, [](char letter) { return letter >= 'A' && letter <= 'Z'; });
  if (!letters) throw std::invalid_argument("\"" + std::string{method} + "\" is no HTTP method");
}

}  // namespace

class Client::Core {
 public:
  explicit Core(ClientOptions options) : loop_(Loop::require_current("a rest::Client")), options_(options) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() = default;

  Task<ClientResponse> send(ClientRequest request) {
    check_method(request.method);
    const Place place = place_of(request.url);
    const std::string text = text_of(request, place);
    std::string failure;
    try {
      co_return co_await with_timeout(options_.timeout, exchange(place, text, request.method));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    throw ClientError{request.method + " " + place.key() + ": " + failure};
  }

  [[nodiscard]] std::size_t connections() const noexcept {
    std::size_t all = 0;
    for (const auto& [key, host] : hosts_) all += host.open;
    return all;
  }

 private:
  struct Host {
    std::list<std::unique_ptr<ClientConnection>> idle;  // the last one used in front
    std::size_t open = 0;
    Event freed;
  };

  /// One of a host's connections, while it is used.
  class Lease {
   public:
    Lease(Host& host, std::unique_ptr<ClientConnection> its_connection, bool was_kept)
        : connection(std::move(its_connection)), kept(was_kept), host_(&host) {}
    Lease(Lease&& other) noexcept
        : connection(std::move(other.connection)), kept(other.kept), host_(std::exchange(other.host_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (host_ == nullptr) return;
      if (connection != nullptr && connection->reusable()) {
        connection->idle_since = Clock::now();
        host_->idle.push_front(std::move(connection));
      } else {
        --host_->open;
      }
      host_->freed.set();
    }
    std::unique_ptr<ClientConnection> connection;
    /// It has carried an exchange before.
    bool kept;

   private:
    Host* host_;
  };

  Task<ClientResponse> exchange(const Place& place, const std::string& text, const std::string& method) {
    Host& host = hosts_[place.key()];
    std::exception_ptr lost;
    {
      const Lease lease = co_await lease_of(host, place);
      try {
        co_return co_await lease.connection->exchange(text, method, options_);
      } catch (const ClientError&) {
        // The server may close a kept connection while a request is on its way to it.
        if (!lease.kept || lease.connection->answered() || !is_idempotent(method)) throw;
      }
    }
    close_idle(host);
    const Lease lease = co_await lease_of(host, place);
    co_return co_await lease.connection->exchange(text, method, options_);
  }

  Task<Lease> lease_of(Host& host, const Place& place) {
    for (;;) {
      close_old(host);
      if (!host.idle.empty()) {
        std::unique_ptr<ClientConnection> kept = std::move(host.idle.front());
        host.idle.pop_front();
        if (!kept->stale()) {
          Lease lease{host, std::move(kept), true};
          co_return lease;
        }
        --host.open;
        continue;
      }
      if (host.open < options_.max_connections_per_host) break;
      host.freed.clear();
      co_await host.freed.wait();
    }
    ++host.open;
    Lease lease{host, nullptr, false};  // gives its place back where connecting fails
    lease.connection = std::make_unique<ClientConnection>(co_await connect(place));
    co_return lease;
  }

  Task<std::unique_ptr<transport::ByteStream>> connect(const Place& place) {
    std::vector<transport::Address> addresses(1);
    addresses.front().host = place.host;
    addresses.front().port = place.port;
    std::unique_ptr<transport::ByteStream> stream = co_await transport::connect(loop_, std::move(addresses));
    if (!place.secure) co_return stream;
    if (options_.tls == nullptr) options_.tls = &own_tls_.emplace();
    std::string name = options_.tls->server_name().empty() ? place.host : options_.tls->server_name();
    co_return co_await transport::connect_tls(loop_, std::move(stream), options_.tls->context(), std::move(name),
                                              transport::Alpn::kHttp1);
  }

  void close_old(Host& host) const {
    const Clock::time_point limit = Clock::now() - options_.idle_timeout;
    while (!host.idle.empty() && host.idle.back()->idle_since < limit) {
      host.idle.pop_back();
      --host.open;
    }
  }
  void close_idle(Host& host) {
    host.open -= host.idle.size();
    host.idle.clear();
  }

  Loop& loop_;
  ClientOptions options_;
  std::optional<ClientTls> own_tls_;
  std::map<std::string, Host, std::less<>> hosts_;
};

Client::Client(ClientOptions options) : core_(std::make_unique<Core>(options)) {}
Client::~Client() = default;

Task<ClientResponse> Client::send(ClientRequest request) { return core_->send(std::move(request)); }
Task<ClientResponse> Client::get(std::string url) { return core_->send(ClientRequest{"GET", std::move(url)}); }
Task<ClientResponse> Client::post(std::string url, std::string_view content_type, std::string body) {
  ClientRequest request{"POST", std::move(url)};
  request.fields.add("content-type", content_type);
  request.body = std::move(body);
  return core_->send(std::move(request));
}
std::size_t Client::connections() const noexcept { return core_->connections(); }

}  // namespace tern::rest
