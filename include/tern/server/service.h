// Service: a named set of methods, each with its handler. Generated AsyncService and SyncService derive from it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tern/async/task.h"

namespace tern {

class ServerCall;

/// One method, in bytes: reads its messages from the call and writes them to it. The typed handlers are templates over
/// this (method_handler.h, sync_method_handler.h).
class MethodHandler {
 public:
  /// How many messages the client sends.
  enum class Requests { kOne, kStream };

  explicit MethodHandler(Requests requests) noexcept : requests_(requests) {}
  MethodHandler(const MethodHandler&) = delete;
  MethodHandler& operator=(const MethodHandler&) = delete;
  virtual ~MethodHandler() = default;

  [[nodiscard]] Requests requests() const noexcept { return requests_; }

  /// Runs the whole call, on the call's loop; with Requests::kOne the request has arrived before. What it throws
  /// becomes the call's status.
  virtual Task<void> handle(ServerCall& call) = 0;

 private:
  Requests requests_;
};

/// Outlives the server that it is added to.
class Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  /// "package.Service".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  struct Method {
    std::string name;
    std::unique_ptr<MethodHandler> handler;
  };
  [[nodiscard]] const std::vector<Method>& methods() const noexcept { return methods_; }

 protected:
  explicit Service(std::string name) : name_(std::move(name)) {}
  void add_method(std::string name, std::unique_ptr<MethodHandler> handler) {
    methods_.push_back({std::move(name), std::move(handler)});
  }

 private:
  std::string name_;
  std::vector<Method> methods_;
};

}  // namespace tern
