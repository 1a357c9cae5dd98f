#include "tern/telemetry/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <utility>
#include <vector>

#include "telemetry/call_table.h"
#include "telemetry/loop_families.h"
#include "telemetry/process_families.h"
#include "tern/async/per_loop.h"

namespace tern::telemetry {

namespace {

using Families = std::vector<prometheus::MetricFamily>;

void append(Families& families, Families more) {
  families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

class Metrics::Core {
 public:
  [[nodiscard]] CallTable& here() { return tables_.here(); }
  void add(const prometheus::Collectable& more) { more_.push_back(&more); }

  Task<std::string> text() const {
    Families families = families_of(tables_);
    Families of_loops = co_await families_of(tables_.loops());
    append(families, std::move(of_loops));
    append(families, process_families());
    for (const prometheus::Collectable* more : more_) append(families, more->Collect());
    co_return prometheus::TextSerializer{}.Serialize(families);
  }

 private:
  PerLoop<CallTable> tables_;
  std::vector<const prometheus::Collectable*> more_;
};

Metrics::Metrics() : core_(std::make_unique<Core>()) {}
Metrics::~Metrics() = default;

void Metrics::add(const prometheus::Collectable& more) { core_->add(more); }

Task<std::string> Metrics::text() const { return core_->text(); }

namespace {

Task<rest::Response> answer(const Metrics& metrics) {
  std::string text = co_await metrics.text();
  co_return rest::Response{200, "text/plain; version=0.0.4; charset=utf-8", std::move(text)};
}

}  // namespace

rest::Handler Metrics::handler() const {
  return [this](rest::Request& /*request*/) { return answer(*this); };
}

void Metrics::on_call_begun(ServerContext& context) { core_->here().of_server(context).begun.add(); }
void Metrics::on_call_ended(const EndedCall& call) {
  CallTable& table = core_->here();
  table.ended(table.of_server(call.context), call.status, call.took, call.received, call.sent);
}

void Metrics::on_refused(const Refused& refused) { core_->here().refused(refused.why); }

void Metrics::on_call_begun(ClientCall& call) { core_->here().of_client(call).begun.add(); }
void Metrics::on_call_ended(const EndedClientCall& call) {
  CallTable& table = core_->here();
  table.ended(table.of_client(call.call), call.status, call.took, call.sent, call.received);
}

void Metrics::on_request_begun(rest::Request& /*request*/) { core_->here().request_begun(); }
void Metrics::on_request_ended(const rest::EndedRequest& request) { core_->here().ended(request); }

}  // namespace tern::telemetry
