// Asio keeps its record of a descriptor for the next one, for ever. Made one by one, each between what its connection
// holds, ten thousand of them keep as many pages from the system when the connections are gone. So they are made many
// at a time, and lie together.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <cstddef>

namespace tern::transport {

/// One io_context's records. On its thread.
class DescriptorStock final : public boost::asio::execution_context::service {
 public:
  using key_type = DescriptorStock;
  static boost::asio::execution_context::id id;  // NOLINT(readability-identifier-naming): Asio's name

  explicit DescriptorStock(boost::asio::execution_context& context) : service(context) {}

  /// So many descriptors are open now: the next find their records made. Where the process may open no more, they do
  /// not.
  void reach(std::size_t open);

 private:
  void shutdown() override {}
  std::size_t records_ = 32;  // so many may lie anywhere
};

}  // namespace tern::transport
