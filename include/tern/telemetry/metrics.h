// Metrics: what calls, requests and loops do, in figures for Prometheus, by the names that OpenTelemetry gives them,
// and by gRPC's own (gRFC A66).
//
//   tern::telemetry::Metrics metrics;
//   server.add_observer(metrics);     // rpc_server_…, grpc_server_…
//   channel.add_observer(metrics);    // rpc_client_…, grpc_client_…
//   site.add_observer(metrics);       // http_server_…
//   http.add_observer(metrics);       // http_client_…, of a rest::Client
//   site.route("GET", "/metrics", metrics.handler());
//
// docs/observability.md lists them all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/api.h"
#include "tern/async/task.h"
#include "tern/client/observer.h"
#include "tern/rest/client_observer.h"
#include "tern/rest/observer.h"
#include "tern/rest/site.h"
#include "tern/server/observer.h"

namespace prometheus {
class Collectable;
}

namespace tern::telemetry {

struct MetricsOptions {
  /// Returns true for a channel's target that labels may show (grpc_target, server_address). Others are "other" and
  /// "_OTHER": for programs that connect to many addresses (gRFC A66). Default: all are shown, 100 for each loop at
  /// most. Called on the loop that runs text().
  std::function<bool(std::string_view target)> show_target = {};
};

enum class MetricsFormat {
  /// Prometheus' text format 0.0.4.
  kText,
  /// OpenMetrics 1.0.0, which has the trace of one call for each bucket besides (exemplars).
  kOpenMetrics,
};

/// Made on one of the program's loops; outlives what it observes. Each loop counts for itself: a call costs some
/// additions, and takes no lock but where its trace is recorded (one that nobody else holds). Labels are valid UTF-8 of
/// at most 256 bytes, and what peers make up does not add series.
class TERN_API Metrics final : public ServerObserver,
                               public ClientObserver,
                               public rest::RequestObserver,
                               public rest::ClientObserver {
 public:
  explicit Metrics(MetricsOptions options = {});
  ~Metrics() override;

  /// What prometheus-cpp collects (a Registry, say) is shown as well. Before the first text(); `more` must outlive
  /// this.
  void add(const prometheus::Collectable& more);

  /// All figures. On any of the loops; asks the others how late they are, and waits for that 50 ms at most.
  Task<std::string> text(MetricsFormat format = MetricsFormat::kText) const;
  /// A route that answers with text(), in OpenMetrics where the request's Accept field asks for it.
  [[nodiscard]] rest::Handler handler() const;

  void on_listening(const std::vector<ServedMethod>& methods) override;
  void on_call_begun(ServerContext& context) override;
  void on_call_ended(const EndedCall& call) override;
  void on_refused(const Refused& refused) override;
  void on_call_begun(ClientContext& context) override;
  void on_call_ended(const EndedClientCall& call) override;
  void on_attempt_begun(std::string_view method, const std::string& target) override;
  void on_attempt_ended(const EndedAttempt& attempt) override;
  void on_request_begun(rest::Request& request) override;
  void on_request_ended(const rest::EndedRequest& request) override;
  void on_request_begun(rest::SentRequest& request) override;
  void on_request_ended(const rest::EndedSentRequest& request) override;

 private:
  friend class MetricExporter;
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tern::telemetry
