// MethodHandler: what runs the calls of one method. Used by generated code.
#pragma once

#include <atomic>
#include <cstdint>
#include <typeinfo>

#include "tern/api.h"
#include "tern/async/task.h"

namespace tern {

class ServerCall;

/// The types of a handler's messages: it may be replaced only by another one with the same.
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
/// this (typed_handlers.h, sync_handlers.h).
class TERN_API MethodHandler {
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

  /// Runs the whole call, on the call's loop; with Requests::kOne the request has arrived before. Its exception
  /// becomes the call's status.
  virtual Task<void> handle(ServerCall& call) = 0;

 private:
  inline static std::atomic<std::uint32_t> last_id = 0;

  Requests requests_;
  MethodTypes types_;
  std::uint32_t id_ = ++last_id;
};

}  // namespace tern
