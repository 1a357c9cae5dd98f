// Objects that a program's own code may throw at the library.
#pragma once

#include <stdexcept>
#include <string>

#include "tern/tern.h"

namespace tern::test {

enum class Thrown { kNothing, kException, kNumber, kAbort, kCancelled, kRpcError };
inline constexpr Thrown kAllThrown[] = {Thrown::kException, Thrown::kNumber, Thrown::kAbort, Thrown::kCancelled,
                                        Thrown::kRpcError};

/// Throws it.
inline void throw_it(Thrown what) {
  switch (what) {
    case Thrown::kNothing:
      return;
    case Thrown::kException:
      throw std::runtime_error("not today");
    case Thrown::kNumber:
      throw 42;
    case Thrown::kAbort:
      ServerContext::abort(StatusCode::kDataLoss, "not today");
    case Thrown::kCancelled:
      throw Cancelled{};
    case Thrown::kRpcError:
      throw RpcError{Status{StatusCode::kDataLoss, "not today"}};
  }
}

inline std::string name_of(Thrown what) {
  switch (what) {
    case Thrown::kNothing:
      return "nothing";
    case Thrown::kException:
      return "a std::exception";
    case Thrown::kNumber:
      return "a number";
    case Thrown::kAbort:
      return "an AbortError";
    case Thrown::kCancelled:
      return "Cancelled";
    case Thrown::kRpcError:
      return "an RpcError";
  }
  return "?";
}

}  // namespace tern::test
