#include "transport/descriptor_stock.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <vector>

namespace tern::transport {

namespace {

constexpr std::size_t kAtOnce = 64;
// Descriptors that have a record and are no streams: acceptors, timers, sockets that are not connected yet.
constexpr std::size_t kOthers = 8;

}  // namespace

boost::asio::execution_context::id DescriptorStock::id;

void DescriptorStock::reach(std::size_t open) {
  if (open + kOthers <= records_) return;
  auto& its_context = static_cast<boost::asio::io_context&>(context());
  std::vector<boost::asio::posix::stream_descriptor> made;
  made.reserve(kAtOnce);
  while (made.size() < kAtOnce) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) break;
    boost::system::error_code error;
    made.emplace_back(its_context).assign(descriptor, error);
    if (!error) continue;
    ::close(descriptor);
    break;
  }
  records_ = open + kOthers + made.size();
}

}  // namespace tern::transport
