#include "client/interceptor_chain.h"

#include <cassert>
#include <utility>
#include <vector>

#include "call/interceptor_parts.h"
#include "client/channel_config.h"
#include "tern/async/loop.h"
#include "tern/client/call_credentials.h"
#include "tern/detail/recycler.h"

// Each interceptor is a coroutine that awaits the rest of the chain by its `next`. The innermost part asks the
// credentials, begins the call and awaits its end. So a call has two ends. The call itself ends when its attempts are
// over or it is cancelled. The chain ends afterwards, with a status that interceptors may have changed: the user's one.
//
// Before the call has begun, it has no attempt that could be cancelled. The job is cancelled then, and its end gives
// the status that the call was cancelled with. After that, only the call is cancelled: interceptors see how it ended.
namespace tern {

namespace {

Status status_of(const std::exception_ptr& error, StatusCode otherwise = StatusCode::kUnknown) {
  try {
    std::rethrow_exception(error);
  } catch (const RpcError& thrown) {
    return thrown.status();
  } catch (const std::exception& thrown) {
    return Status{otherwise, thrown.what()};
  } catch (const Cancelled&) {
    return Status{StatusCode::kCancelled, "cancelled by the client"};
  } catch (...) {
    return Status{otherwise, "an exception that is no std::exception"};
  }
}

}  // namespace

class InterceptorChain::Parts final : public InterceptorParts {
 public:
  explicit Parts(InterceptorChain& chain) : InterceptorParts(chain.loop()), chain_(chain) {}

 private:
  Task<Status> part(std::size_t index) override {
    const std::vector<ClientInterceptor*>& interceptors = chain_.config_.interceptors();
    if (index == interceptors.size()) return chain_.run_call();
    return interceptors[index]->intercept(chain_.context_, ClientInterceptor::Next{shared_from_this(), index + 1});
  }
  Status status_of(const std::exception_ptr& error) override { return tern::status_of(error); }
  [[nodiscard]] std::string_view method() const noexcept override { return chain_.head_.method; }

  InterceptorChain& chain_;
};

InterceptorChain::InterceptorChain(ClientContext& context, const ChannelConfig& config, CallHead& head)
    : Job(Loop::require_current("a call over a Channel"), Job::current()),
      context_(context),
      config_(config),
      head_(head) {}

void InterceptorChain::begin() { start(run()); }

void InterceptorChain::call_ended(Status status, std::string peer) {
  if (status_) return;
  status_ = std::move(status);
  peer_ = std::move(peer);
  if (call_begun_) call_ended_.set();
}

Task<void> InterceptorChain::run() {
  const auto parts = std::allocate_shared<Parts>(RecyclingAllocator<Parts>{}, *this);
  Status status = co_await InterceptorParts::run(parts, 0);
  if (!parts->mistake().ok()) status = parts->mistake();
  chain_ended(std::move(status));
}

void InterceptorChain::finished(std::exception_ptr error) {
  if (error) chain_ended(status_ ? *status_ : status_of(error));
}

Task<Status> InterceptorChain::run_call() {
  for (CallCredentials* credentials : {config_.options().call_credentials.get(), head_.options.credentials}) {
    if (credentials == nullptr) continue;
    Status status = co_await add_credentials(*credentials);
    if (!status.ok()) co_return status;
  }
  assert(!call_begun_);
  call_begun_ = true;
  begin_call();
  co_await call_ended_.wait();
  assert(status_.has_value());
  co_return *status_;
}

Task<Status> InterceptorChain::add_credentials(CallCredentials& credentials) {
  if (!credentials.allowed_on_plaintext() && !config_.secure()) {
    co_return Status{StatusCode::kUnauthenticated,
                     "call credentials are not sent over plaintext: use TLS, or credentials that allow it"};
  }
  const std::size_t slash = head_.method.rfind('/');
  CallTarget target{.service_url = "https://" + config_.authority() + std::string{head_.method.substr(0, slash)},
                    .method = head_.method};
  std::exception_ptr error;
  Metadata added;
  try {
    added = co_await credentials.metadata(std::move(target));
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) {
    for (const auto& [key, value] : added) head_.metadata.add(key, value);
    co_return Status{};
  }
  co_return status_of(error, StatusCode::kUnauthenticated);
}

}  // namespace tern
