// ByteStream: what a connection runs over: a socket now, TLS or an in-process pair likewise. By readiness: it is read
// and written when it can be, so that an idle connection holds no buffer.
#pragma once

#include <sys/uio.h>

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tern/transport/tls.h"

namespace tern::transport {

struct IoResult {
  /// Bytes moved; 0 with no error and not would_block: the peer has ended its side.
  std::size_t size = 0;
  bool would_block = false;
  boost::system::error_code error;
};

class ByteStreamEvents {
 public:
  /// What was wanted has come true (or failed: then reading or writing says how). In a turn of the loop.
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;

 protected:
  ~ByteStreamEvents() = default;
};

/// Destroyed, it is closed, and no event comes any more.
class ByteStream {
 public:
  /// Keeps `what` as long as this is open: its place among a server's connections.
  void keep(std::shared_ptr<void> what) noexcept { kept_ = std::move(what); }

  virtual ~ByteStream() = default;

  virtual IoResult read(std::span<std::uint8_t> to) = 0;
  virtual IoResult write(std::span<const iovec> pieces) = 0;
  /// Asks for one on_readable. If one is asked for already, `events` gets it in place of the earlier receiver.
  virtual void want_read(ByteStreamEvents& events) = 0;
  /// Asks for one on_writable; replaces an earlier receiver as want_read does.
  virtual void want_write(ByteStreamEvents& events) = 0;
  /// Ends this side's output: after the bytes written so far the peer reads an end (TLS: close_notify, then TCP's FIN).
  /// Returns false when the close_notify does not fit yet; call again after on_writable. From then on only want_read()
  /// and read() are allowed, to drop what the peer still sends: over TLS these bytes stay encrypted.
  virtual bool shut_down_writing() = 0;
  /// Returns the number of bytes written that the peer's system has not acknowledged (in process: not read) yet.
  [[nodiscard]] virtual std::size_t undelivered() const = 0;
  /// "ipv4:127.0.0.1:1234", "ipv6:[::1]:1234" or "unix:path", as gRPC writes peers.
  [[nodiscard]] virtual std::string peer() const = 0;
  /// The same for this side.
  [[nodiscard]] virtual std::string local() const = 0;
  /// The cipher suite by its standard name; empty without TLS.
  [[nodiscard]] virtual std::string cipher() const { return {}; }
  /// The protocol that the TLS handshake agreed on (ALPN, RFC 7301): "h2" or "http/1.1". Empty where the peer chose
  /// none, and without TLS.
  [[nodiscard]] virtual std::string_view alpn() const { return {}; }
  /// Who it is by its certificate; nobody without TLS.
  [[nodiscard]] virtual PeerIdentity identity() const { return {}; }

 private:
  std::shared_ptr<void> kept_;
};

}  // namespace tern::transport
