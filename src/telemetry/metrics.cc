#include "tern/telemetry/metrics.h"

#include <prometheus/collectable.h>

#include <iterator>
#include <utility>

#include "telemetry/call_table.h"
#include "telemetry/exposition.h"
#include "telemetry/loop_families.h"
#include "telemetry/process_families.h"
#include "tern/async/per_loop.h"
#include "tern/client/client_call.h"

namespace tern::telemetry {

namespace {

void append_all(Families& families, Families more) {
  families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

class Metrics::Core {
 public:
  explicit Core(MetricsOptions options) : options_(std::move(options)) {}

  [[nodiscard]] CallTable& here() { return tables_.here(); }
  void add(const prometheus::Collectable& more) { more_.push_back(&more); }

  Task<std::string> text(MetricsFormat format) const {
    Families families = families_of(tables_, options_.show_target);
    Families of_loops = co_await families_of(tables_.loops());
    append_all(families, std::move(of_loops));
    append_all(families, process_families());
    for (const prometheus::Collectable* more : more_) {
      for (prometheus::MetricFamily& family : more->Collect()) families.emplace_back(std::move(family));
    }
    co_return exposition_of(std::move(families), format);
  }

 private:
  MetricsOptions options_;
  PerLoop<CallTable> tables_;
  std::vector<const prometheus::Collectable*> more_;
};

Metrics::Metrics(MetricsOptions options) : core_(std::make_unique<Core>(std::move(options))) {}
Metrics::~Metrics() = default;

void Metrics::add(const prometheus::Collectable& more) { core_->add(more); }

Task<std::string> Metrics::text(MetricsFormat format) const { return core_->text(format); }

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

void Metrics::on_call_begun(ClientCall& call) {
  core_->here().of_client(call.target(), call.method()).begun.add();
}
void Metrics::on_call_ended(const EndedClientCall& call) {
  CallTable& table = core_->here();
  table.ended(table.of_client(call.call.target(), call.call.method()), call.status, call.took, call.sent, call.received,
              false, call.call.trace());
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
