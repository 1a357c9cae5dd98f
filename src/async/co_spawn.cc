#include "tern/async/co_spawn.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <stdexcept>

namespace tern::detail {

boost::asio::io_context& io_context_of(const boost::asio::any_io_executor& executor) {
  if (const auto* own = executor.target<boost::asio::io_context::executor_type>()) return own->context();
  throw std::logic_error(
      "tern runs on an io_context that one thread runs, and this executor is another one's: a strand, a thread pool, "
      "or "
      "none; pass the io_context (docs/embedding.md)");
}

std::exception_ptr error_for_asio(std::exception_ptr error) {
  if (!is_cancelled(error)) return error;
  return std::make_exception_ptr(boost::system::system_error{boost::asio::error::operation_aborted});
}

}  // namespace tern::detail
