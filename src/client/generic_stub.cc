#include "tern/client/generic_stub.h"

#include <stdexcept>
#include <string>

namespace tern {

std::string_view GenericStub::checked(std::string_view method) {
  const std::size_t slash = method.rfind('/');
  if (method.starts_with('/') && slash > 1 && slash + 1 < method.size()) return method;
  throw std::invalid_argument("\"" + std::string{method} + R"(" is not a method: write "/package.Service/Method")");
}

}  // namespace tern
