// AbortError: how a handler ends its call with a status. Thrown by ServerContext::abort.
#pragma once

#include <exception>
#include <utility>

#include "tern/api.h"
#include "tern/rpc/status.h"

namespace tern {

class TERN_API AbortError : public std::exception {
 public:
  explicit AbortError(Status status) : status_(std::move(status)) {}
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] const char* what() const noexcept override { return status_.details().c_str(); }

 private:
  Status status_;
};

}  // namespace tern
