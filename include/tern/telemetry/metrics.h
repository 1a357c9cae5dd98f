// Metrics: what calls, requests and loops do, in figures for Prometheus, by the names that OpenTelemetry gives them.
//
//   tern::telemetry::Metrics metrics;
//   server.add_observer(metrics);     // rpc_server_…
//   channel.add_observer(metrics);    // rpc_client_…
//   site.add_observer(metrics);       // http_server_…
//   site.route("GET", "/metrics", metrics.handler());
//
// docs/observability.md lists them all.
#pragma once

#include <memory>
#include <string>

#include "tern/async/task.h"
#include "tern/client/observer.h"
#include "tern/rest/observer.h"
#include "tern/rest/site.h"
#include "tern/server/observer.h"

namespace prometheus {
class Collectable;
}

namespace tern::telemetry {

/// Made on one of the program's loops; outlives what it observes. Each loop counts for itself: a call costs some
/// additions, and takes no lock.
class Metrics final : public ServerObserver, public ClientObserver, public rest::RequestObserver {
 public:
  Metrics();
  ~Metrics() override;

  /// What prometheus-cpp collects (a Registry, say) is told as well. Before the first text(); `more` must outlive this.
  void add(const prometheus::Collectable& more);

  /// All figures in Prometheus' text format (version 0.0.4). On any of the loops; asks the others how late they are,
  /// and waits for that 50 ms at most.
  Task<std::string> text() const;
  /// A route that answers with text().
  [[nodiscard]] rest::Handler handler() const;

  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_refused(const Refused& refused) override;
  void on_call_begun(ClientCall& call) override;
  void on_call_ended(const EndedClientCall& call) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& request) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry
