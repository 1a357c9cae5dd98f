// Service: a named set of methods, each with its handler. Generated AsyncService and SyncService derive from it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tern/async/task.h"

namespace tern {

class ServerCall;

/// What a typed handler takes and gives, so that one is not replaced by another of a different kind.
struct MethodTypes {
  const std::type_info* request = nullptr;
  const std::type_info* response = nullptr;
  bool streams_responses = false;

  [[nodiscard]] bool operator==(const MethodTypes& other) const noexcept {
    return request != nullptr && other.request != nullptr && *request == *other.request &&
           *response == *other.response && streams_responses == other.streams_responses;
  }
};

/// One method, in bytes: reads its messages from the call and writes them to it. The typed handlers are templates over
/// this (method_handler.h, sync_method_handler.h).
class MethodHandler {
 public:
  /// How many messages the client sends.
  enum class Requests { kOne, kStream };

  explicit MethodHandler(Requests requests, MethodTypes types = {}) noexcept : requests_(requests), types_(types) {}
  MethodHandler(const MethodHandler&) = delete;
  MethodHandler& operator=(const MethodHandler&) = delete;
  virtual ~MethodHandler() = default;

  [[nodiscard]] Requests requests() const noexcept { return requests_; }
  [[nodiscard]] const MethodTypes& types() const noexcept { return types_; }
  /// From 1 on; no other handler of this process has the same.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

  /// Runs the whole call, on the call's loop; with Requests::kOne the request has arrived before. What it throws
  /// becomes the call's status.
  virtual Task<void> handle(ServerCall& call) = 0;

 private:
  inline static std::atomic<std::uint32_t> last_id = 0;

  Requests requests_;
  MethodTypes types_;
  std::uint32_t id_ = ++last_id;
};

/// Outlives the server that it is added to, or is destroyed after the server's stop(): another order is logged as an
/// error.
class Service {
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
  /// of the virtual function of that name, its messages on the call's arena (arena_handler.h). Throws
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
