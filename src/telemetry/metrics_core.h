// Metrics::Core: all figures that a Metrics has, before they are written as text or sent.
#pragma once

#include <chrono>
#include <vector>

#include "telemetry/call_table.h"
#include "telemetry/families.h"
#include "tern/async/per_loop.h"
#include "tern/telemetry/metrics.h"

namespace tern::telemetry {

class Metrics::Core {
 public:
  explicit Core(MetricsOptions options);

  [[nodiscard]] CallTable& here() { return tables_.here(); }
  void add(const prometheus::Collectable& more) { more_.push_back(&more); }

  /// On any of the loops; see Metrics::text().
  Task<Families> families() const;
  /// From when on calls and requests are counted.
  [[nodiscard]] std::chrono::system_clock::time_point begun() const noexcept { return begun_; }

 private:
  MetricsOptions options_;
  std::chrono::system_clock::time_point begun_ = std::chrono::system_clock::now();
  PerLoop<CallTable> tables_;
  std::vector<const prometheus::Collectable*> more_;
};

}  // namespace tern::telemetry
