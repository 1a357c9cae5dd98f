#include "async/error_text.h"

#include "tern/async/job.h"

namespace tern {

std::string error_text(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (const Cancelled&) {
    return "cancelled";
  } catch (...) {
    return "an object that is not a std::exception";
  }
}

}  // namespace tern
