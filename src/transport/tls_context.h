// TlsContext: OpenSSL's context for one end, made anew when its files change.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tern/async/job.h"
#include "tern/transport/tls.h"

namespace tern::transport {

/// Throws std::runtime_error: `what`, and OpenSSL's own reason.
[[noreturn]] void throw_tls_error(const std::string& what);

/// A server's side may agree on HTTP/1.1 (ALPN) as well; before the handshake.
void allow_http1(SSL* ssl) noexcept;

/// A client's side offers HTTP/1.1 in place of HTTP/2; before the handshake.
void offer_http1(SSL* ssl) noexcept;

/// A client's side offers HTTP/2 and, after it, HTTP/1.1; before the handshake.
void offer_http1_too(SSL* ssl) noexcept;

/// Any thread.
class TlsContext {
 public:
  using Made = std::shared_ptr<SSL_CTX>;

  /// `make` reads the files; it may throw. It is called now, and again when the contents of one of `files` have
  /// changed.
  TlsContext(std::function<Made()> make, std::vector<std::string> files, PeerVerifier verify);

  void reload();
  /// The present one. Looks at the files, at most once a second; one that cannot be read is logged, and the last good
  /// one goes on.
  Made current();
  /// Asks the user's verifier, if there is one. Throws std::runtime_error when it refuses the peer.
  void verify(const std::function<PeerIdentity()>& peer) const;

 private:
  /// A hash of each file's contents. Times and sizes miss a file that is renewed within the clock's tick, or copied
  /// with the time of its original.
  using Contents = std::vector<std::size_t>;
  [[nodiscard]] Contents contents() const;

  std::function<Made()> make_;
  PeerVerifier verify_;
  std::vector<std::string> files_;
  std::mutex mutex_;
  Made made_;
  Contents made_of_;
  Clock::time_point looked_at_;
};

}  // namespace tern::transport
