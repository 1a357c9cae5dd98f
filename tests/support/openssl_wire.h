// A Wire over OpenSSL on a blocking socket: a peer whose TLS is not tern's.
#pragma once

#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/wire.h"
#include "tern/async/executor.h"

namespace tern::test {

/// It blocks threads of the executor, not the loop.
class OpensslWire final : public Wire {
 public:
  /// Takes `socket` over, which is connected. `version`: TLS1_2_VERSION or TLS1_3_VERSION, the only one it speaks.
  OpensslWire(int socket, int version) : socket_(socket) {
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = SSL_new(context_);
    constexpr std::array<std::uint8_t, 3> kH2{2, 'h', '2'};
    SSL_set_alpn_protos(ssl_, kH2.data(), kH2.size());
    SSL_set_fd(ssl_, socket_);
  }
  OpensslWire(const OpensslWire&) = delete;
  OpensslWire& operator=(const OpensslWire&) = delete;
  ~OpensslWire() override {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ::close(socket_);
  }

  Task<void> shake_hands() {
    const auto connect = [ssl = ssl_] { return SSL_connect(ssl); };
    const int result = co_await run_in_executor(connect);
    if (result != 1) throw std::runtime_error("no TLS handshake");
  }
  Task<std::size_t> read(std::span<std::uint8_t> to) override {
    const auto take = [ssl = ssl_, to] { return SSL_read(ssl, to.data(), static_cast<int>(to.size())); };
    const int size = co_await run_in_executor(take);
    if (size > 0) co_return static_cast<std::size_t>(size);
    // Anything but a close_notify is a connection that was cut off.
    if (SSL_get_error(ssl_, size) != SSL_ERROR_ZERO_RETURN) throw std::runtime_error("no close_notify");
    co_return 0;
  }
  Task<bool> write(std::string bytes) override {
    const auto give = [ssl = ssl_, text = std::string_view{bytes}] {
      return SSL_write(ssl, text.data(), static_cast<int>(text.size()));
    };
    const int size = co_await run_in_executor(give);
    co_return size > 0;
  }

 private:
  int socket_;
  SSL_CTX* context_ = SSL_CTX_new(TLS_client_method());
  SSL* ssl_ = nullptr;
};

}  // namespace tern::test
