// InProcess: connects channels with a server of the same process, without a socket; everything else is as over one.
//
//   tern::InProcess in_process;
//   server.listen(in_process);
//   tern::Channel channel{"test", {.in_process = &in_process}};
#pragma once

#include <functional>
#include <memory>

#include "tern/api.h"
#include "tern/async/loop.h"

namespace tern {

namespace transport {
class ByteStream;
}

/// Outlives the server and the channels that use it; destroyed before the server's stop(), it logs an error. Any
/// thread.
class TERN_API InProcess {
 public:
  InProcess();
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  ~InProcess();

  using Accept = std::function<void(Loop&, std::unique_ptr<transport::ByteStream>)>;
  /// For Server: `accept` is called for each connection, on the client's loop where it is `home` or one of its
  /// siblings, otherwise on `home`. One server at a time; throws std::logic_error. Returns what ends the serving, which
  /// may outlive this.
  [[nodiscard]] std::function<void()> serve(Loop& home, Accept accept);
  /// For Channel: the client's end, on `loop`. Throws std::runtime_error when nobody serves.
  std::unique_ptr<transport::ByteStream> connect(Loop& loop);

 private:
  struct Serving;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace tern
