// Forwarder: the service under test of W3C's validation service for trace context. It accepts a POST whose body is a
// JSON array of {"url": …, "arguments": …}, and sends a POST with the arguments as its body to each of the URLs.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <utility>

#include "tern/rest/client.h"
#include "tern/rest/site.h"
#include "tern/telemetry/tracer.h"

namespace tern::test {

/// A site that forwards on "/", and traces both ends with `tracer`, which must outlive it. Lives on the loop that makes
/// it.
class Forwarder {
 public:
  explicit Forwarder(telemetry::Tracer& tracer) {
    http_.add_observer(tracer);
    site_.add_observer(tracer);
    site_.route("POST", "/", [this](rest::Request& request) { return forward(request); });
  }

  rest::Site& site() noexcept { return site_; }

 private:
  Task<rest::Response> forward(rest::Request& request) {
    const std::string body = co_await request.body();
    const boost::json::value calls = boost::json::parse(body);
    for (const boost::json::value& call : calls.as_array()) {
      rest::ClientRequest post{"POST", std::string{call.at("url").as_string()}};
      post.fields.add("content-type", "application/json");
      post.body = boost::json::serialize(call.at("arguments"));
      co_await http_.send(std::move(post));
    }
    co_return rest::Response::json("{}");
  }

  rest::Client http_;
  rest::Site site_;
};

}  // namespace tern::test
