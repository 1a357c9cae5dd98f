// InProcess: connects channels with a server of the same process, without a socket; everything else is as over one.
//
//   tern::InProcess in_process;
//   server.listen(in_process);
//   tern::Channel channel{"test", {.in_process = &in_process}};
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "tern/async/loop.h"

namespace tern {

namespace transport {
class ByteStream;
}

/// Outlives the server and the channels that use it. Any thread.
class InProcess {
 public:
  InProcess() = default;
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;

  using Accept = std::function<void(Loop&, std::unique_ptr<transport::ByteStream>)>;
  /// For Server: `accept` is called for each connection, on the client's loop where it is `home` or one of its
  /// siblings, otherwise on `home`. One server at a time; throws std::logic_error.
  void serve(Loop& home, Accept accept);
  void stop_serving() noexcept;
  /// For Channel: the client's end, on `loop`. Throws std::runtime_error when nobody serves.
  std::unique_ptr<transport::ByteStream> connect(Loop& loop);

 private:
  struct Serving;
  std::mutex mutex_;
  std::shared_ptr<Serving> serving_;
};

}  // namespace tern
