// Service: a named set of methods, each with its handler. Generated AsyncService and SyncService derive from it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/api.h"
#include "tern/detail/method_handler.h"

namespace tern {

/// Outlives the server that it is added to, or is destroyed after the server's stop(): another order is logged as an
/// error.
class TERN_API Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service();

  /// "package.Service".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  struct Method {
    std::string name;
    std::unique_ptr<MethodHandler> handler;
  };
  [[nodiscard]] const std::vector<Method>& methods() const noexcept { return methods_; }
  /// For Server: a copy is kept as long as the service may be called.
  [[nodiscard]] const std::shared_ptr<const void>& in_use() const noexcept { return in_use_; }

 protected:
  explicit Service(std::string name) : name_(std::move(name)) {}
  void add_method(std::string name, std::unique_ptr<MethodHandler> handler) {
    methods_.push_back({std::move(name), std::move(handler)});
  }

  /// In the constructor of an asynchronous service: `handler`, a member of `owner`, takes the method's calls in place
  /// of the virtual function of that name, its messages on the call's arena (docs/guide.md). Throws
  /// std::invalid_argument when there is no such method with such messages.
  template <class Owner, class Handler>
  void on_arena(std::string_view method, Owner& owner, Handler handler);

 private:
  void replace_method(std::string_view name, std::unique_ptr<MethodHandler> handler);

  std::string name_;
  std::vector<Method> methods_;
  std::shared_ptr<const void> in_use_ = std::make_shared<int>();
};

}  // namespace tern
