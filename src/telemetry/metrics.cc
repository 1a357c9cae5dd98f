#include "tern/telemetry/metrics.h"

#include <prometheus/collectable.h>

#include <iterator>
#include <utility>

#include "telemetry/exposition.h"
#include "telemetry/loop_families.h"
#include "telemetry/metrics_core.h"
#include "telemetry/process_families.h"

namespace tern::telemetry {

namespace {

/// Adds families that have counted since the process began.
void append_all(Families& families, Families more) {
  for (Family& family : more) family.since_process_start = true;
  families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Metrics::Core::Core(MetricsOptions options) : options_(std::move(options)) {}

Task<Families> Metrics::Core::families() const {
  Families families = families_of(tables_, options_.show_target);
  Families of_loops = co_await families_of(tables_.loops());
  append_all(families, std::move(of_loops));
  append_all(families, process_families());
  for (const prometheus::Collectable* more : more_) {
    for (prometheus::MetricFamily& family : more->Collect()) families.emplace_back(std::move(family));
  }
  co_return families;
}

Metrics::Metrics(MetricsOptions options) : core_(std::make_unique<Core>(std::move(options))) {}
Metrics::~Metrics() = default;

void Metrics::add(const prometheus::Collectable& more) { core_->add(more); }

Task<std::string> Metrics::text(MetricsFormat format) const {
  Families families = co_await core_->families();
  co_return exposition_of(std::move(families), format);
}

namespace {

Task<rest::Response> answer(const Metrics& metrics, MetricsFormat format) {
  std::string text = co_await metrics.text(format);
  co_return rest::Response{200, content_type_of(format), std::move(text)};
}

}  // namespace

rest::Handler Metrics::handler() const {
  return [this](rest::Request& request) { return answer(*this, format_for(request.fields.joined("accept"))); };
}

void Metrics::on_listening(const std::vector<ServedMethod>& methods) { core_->here().serves(methods); }
void Metrics::on_call_begun(ServerContext& context) { core_->here().of_server(context).begun.add(); }
void Metrics::on_call_ended(const EndedCall& call) {
  CallTable& table = core_->here();
  table.ended(table.of_server(call.context), call.status, call.took, call.received, call.sent, true,
              call.context.trace());
}

void Metrics::on_refused(const Refused& refused) { core_->here().refused(refused.why); }

void Metrics::on_call_begun(ClientContext& context) {
  core_->here().of_client(context.target(), context.method()).begun.add();
}
void Metrics::on_call_ended(const EndedClientCall& call) {
  CallTable& table = core_->here();
  table.ended(table.of_client(call.context.target(), call.context.method()), call.status, call.took, call.sent,
              call.received, false, call.context.trace());
}
void Metrics::on_attempt_begun(std::string_view method, const std::string& target) {
  core_->here().of_client(target, method).attempts_begun.add();
}
void Metrics::on_attempt_ended(const EndedAttempt& attempt) { core_->here().attempt_ended(attempt); }

void Metrics::on_request_begun(rest::Request& request) { core_->here().request_begun(request); }
void Metrics::on_request_ended(const rest::EndedRequest& request) { core_->here().ended(request); }
void Metrics::on_request_begun(rest::SentRequest& /*request*/) {}
void Metrics::on_request_ended(const rest::EndedSentRequest& request) { core_->here().ended(request); }

}  // namespace tern::telemetry
