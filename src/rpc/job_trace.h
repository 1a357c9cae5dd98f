// The trace that a job works for: what JobContext::carried holds, in every job of tern. Jobs hand it down, and calls
// and requests that a job makes belong to it.
#pragma once

#include <memory>
#include <utility>

#include "tern/async/job.h"
#include "tern/rpc/trace_context.h"

namespace tern::rpc {

/// Null when nobody traces the job's work. Valid while the job keeps it.
inline const TraceContext* trace_of(const Job& job) noexcept {
  return static_cast<const TraceContext*>(job.inherited.carried.get());
}

/// The same, to be kept for longer.
inline std::shared_ptr<const TraceContext> shared_trace_of(const Job& job) noexcept {
  return std::static_pointer_cast<const TraceContext>(job.inherited.carried);
}

/// Null: its work belongs to no trace.
inline void set_trace(Job& job, std::shared_ptr<const TraceContext> trace) noexcept {
  job.inherited.carried = std::move(trace);
}

}  // namespace tern::rpc
