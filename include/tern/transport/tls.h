// TLS for servers and channels: certificates, whom to trust, and their renewal while everything runs.
//
//   tern::ServerTls tls{{.certificate_file = "server.pem", .key_file = "server.key"}};
//   server.listen("[::]:443", {.tls = &tls});
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace tern {

/// Who a peer is, by its certificate.
struct PeerIdentity {
  /// Whether it showed a certificate that we trust.
  bool authenticated = false;
  /// The subject's common name.
  std::string common_name;
  /// Subject alternative names: "DNS:host", "URI:spiffe://…", "IP:127.0.0.1", "email:a@b".
  std::vector<std::string> names;
  /// The certificate in PEM.
  std::string certificate;
};

struct ServerTlsOptions {
  /// The certificate and those that lead to its authority, PEM. Read anew when the file changes.
  std::string certificate_file;
  std::string key_file;
  /// Authorities of client certificates, PEM; empty: clients are not asked for one.
  std::string client_authority_file = {};
  /// Refuses clients without a certificate (mutual TLS). Without it they are served, and known by none.
  bool require_client_certificate = true;
};

struct ClientTlsOptions {
  /// Authorities that servers' certificates are checked against, PEM; empty: the system's.
  std::string authority_file = {};
  /// What this client shows a server that asks (mutual TLS). Read anew when the files change.
  std::string certificate_file = {};
  std::string key_file = {};
  /// The name that the server's certificate must have; empty: the target's host.
  std::string server_name = {};
};

namespace transport {
class TlsContext;
}

/// TLS 1.2 and 1.3, with HTTP/2 agreed on (ALPN "h2"). May be shared by servers, and used from any thread.
class ServerTls {
 public:
  /// Throws std::runtime_error that names the file and what is wrong with it.
  explicit ServerTls(ServerTlsOptions options);
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  ~ServerTls();

  /// Reads the files again now; connections that stand go on as they are. Throws as the constructor does, and goes on
  /// with what it had. Files that change are noticed without it, within a second.
  void reload();
  [[nodiscard]] transport::TlsContext& context() const noexcept { return *context_; }

 private:
  std::unique_ptr<transport::TlsContext> context_;
};

/// The same for channels.
class ClientTls {
 public:
  explicit ClientTls(ClientTlsOptions options = {});
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;
  ~ClientTls();

  void reload();
  [[nodiscard]] transport::TlsContext& context() const noexcept { return *context_; }
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }

 private:
  std::string server_name_;
  std::unique_ptr<transport::TlsContext> context_;
};

}  // namespace tern
