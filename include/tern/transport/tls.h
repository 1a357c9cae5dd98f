// TLS for servers and channels: certificates, whom to trust, and their renewal while everything runs.
//
//   tern::ServerTls tls{{.certificate_file = "server.pem", .key_file = "server.key"}};
//   server.listen("[::]:443", {.tls = &tls});
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tern/api.h"

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

/// Decides on a peer whose certificate the other checks accepted: returns why it is rejected, or an empty text. Runs
/// during the handshake, on the loop of the connection, at the same time on several loops; it must not block. An
/// exception rejects the peer too.
using PeerVerifier = std::function<std::string(const PeerIdentity&)>;

/// Each certificate, key, authority and revocation list is given as a file's name or as a text, both in PEM. Files are
/// read again when they change. A key has no passphrase.
struct ServerTlsOptions {
  /// The certificate, followed by the certificates that lead to its authority.
  std::string certificate_file = {};
  std::string key_file = {};
  /// Authorities of client certificates. Without them clients are not asked for a certificate.
  std::string client_authority_file = {};
  /// Refuses clients without a certificate (mutual TLS). False serves them too, without an identity.
  bool require_client_certificate = true;
  /// The same as texts.
  std::string certificate = {};
  std::string key = {};
  std::string client_authorities = {};
  /// Revocation lists (RFC 5280): client certificates on them are refused, and those of an authority that has no valid
  /// list here.
  std::string revocation_list_file = {};
  std::string revocation_lists = {};
  /// Asked about each client that showed a certificate.
  PeerVerifier verify_client = {};
};

struct ClientTlsOptions {
  /// Authorities that issue servers' certificates, at their root or between it and the certificate. Default: the
  /// system's.
  std::string authority_file = {};
  /// The client's own certificate, for servers that ask for one (mutual TLS).
  std::string certificate_file = {};
  std::string key_file = {};
  /// The DNS name or IP address that the server's certificate must have. Default: the host of
  /// ChannelOptions::authority or of the target.
  std::string server_name = {};
  /// The same as texts.
  std::string authorities = {};
  std::string certificate = {};
  std::string key = {};
  /// As ServerTlsOptions::revocation_list_file, for servers' certificates.
  std::string revocation_list_file = {};
  std::string revocation_lists = {};
  /// Asked about each server.
  PeerVerifier verify_server = {};
  /// False accepts a certificate of any name: `verify_server`, which must then be given, decides (SPIFFE, for example).
  bool check_server_name = true;
};

namespace transport {
class TlsContext;
}

/// TLS 1.2 and 1.3, with HTTP/2 agreed on (ALPN "h2"). May be shared by servers, and used from any thread.
class TERN_API ServerTls {
 public:
  /// Throws std::runtime_error with the file and the reason, std::invalid_argument for options that contradict each
  /// other.
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
class TERN_API ClientTls {
 public:
  /// Throws as ServerTls does.
  explicit ClientTls(ClientTlsOptions options = {});
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;
  ~ClientTls();

  void reload();
  [[nodiscard]] transport::TlsContext& context() const noexcept { return *context_; }
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }
  [[nodiscard]] bool checks_server_name() const noexcept { return checks_server_name_; }

 private:
  std::string server_name_;
  bool checks_server_name_;
  std::unique_ptr<transport::TlsContext> context_;
};

}  // namespace tern
