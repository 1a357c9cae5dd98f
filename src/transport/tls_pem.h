// Certificates, keys and revocation lists in PEM, put into OpenSSL's context.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace tern::transport {

/// PEM as an option gives it: a file's name, or the text itself. Both or neither are an error of the caller's.
struct Pem {
  std::string file;
  std::string text;

  [[nodiscard]] bool empty() const noexcept { return file.empty() && text.empty(); }
};

// Each throws std::runtime_error with the file's name, if there is one, and the reason.

/// Uses this certificate, followed by its issuers, and this key.
void use_certificate(SSL_CTX* context, const Pem& certificate, const Pem& key);

/// Trusts these authorities; one that is itself issued by another is enough (X509_V_FLAG_PARTIAL_CHAIN), as in gRPC's
/// core.
void trust(SSL_CTX* context, const Pem& authorities);

/// Names them to clients that are asked for a certificate (RFC 8446 §4.2.4).
void name_authorities(SSL_CTX* context, const Pem& authorities);

/// Rejects certificates that are on these lists or whose issuer has no valid list among them (RFC 5280 §6.3).
void refuse_revoked(SSL_CTX* context, const Pem& lists);

}  // namespace tern::transport
