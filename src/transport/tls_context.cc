#include "transport/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "async/error_text.h"
#include "text/log.h"
#include "transport/tls_pem.h"

namespace tern::transport {

namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::string_view kAlpn{"\x02h2"};
constexpr std::string_view kAlpnWithHttp1{"\x02h2\x08http/1.1"};
// AEAD with forward secrecy: what RFC 9113 §9.2.2 leaves of TLS 1.2.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

TlsContext::Made make_context(const SSL_METHOD* method) {
  TlsContext::Made context{SSL_CTX_new(method), SSL_CTX_free};
  if (context == nullptr) throw_tls_error("cannot set up TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphers);
  // No renegotiation, no compression (RFC 9113 §9.2.1). Released buffers: an idle connection holds little memory.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// Set where the port also takes HTTP/1.1.
int http1_mark() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* /*argument*/) {
  const bool http1_too = SSL_get_ex_data(ssl, http1_mark()) != nullptr;
  const std::string_view known = http1_too ? kAlpnWithHttp1 : kAlpn;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, bytes_of(known), static_cast<unsigned int>(known.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

TlsContext::Made make_server(const ServerTlsOptions& options) {
  TlsContext::Made made = make_context(TLS_server_method());
  SSL_CTX* context = made.get();
  use_certificate(context, {options.certificate_file, options.certificate}, {options.key_file, options.key});
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  static constexpr std::array<unsigned char, 4> kSessions{'t', 'e', 'r', 'n'};
  SSL_CTX_set_session_id_context(context, kSessions.data(), kSessions.size());
  const Pem authorities{options.client_authority_file, options.client_authorities};
  if (authorities.empty()) return made;
  trust(context, authorities);
  name_authorities(context, authorities);
  const Pem revoked{options.revocation_list_file, options.revocation_lists};
  if (!revoked.empty()) refuse_revoked(context, revoked);
  SSL_CTX_set_verify(
      context, SSL_VERIFY_PEER | (options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return made;
}

TlsContext::Made make_client(const ClientTlsOptions& options) {
  TlsContext::Made made = make_context(TLS_client_method());
  SSL_CTX* context = made.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const Pem authorities{options.authority_file, options.authorities};
  if (!authorities.empty()) {
    trust(context, authorities);
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    throw_tls_error("cannot read the system's certificates of authorities");
  }
  const Pem revoked{options.revocation_list_file, options.revocation_lists};
  if (!revoked.empty()) refuse_revoked(context, revoked);
  const Pem certificate{options.certificate_file, options.certificate};
  if (!certificate.empty()) use_certificate(context, certificate, {options.key_file, options.key});
  SSL_CTX_set_alpn_protos(context, bytes_of(kAlpn), kAlpn.size());
  return made;
}

/// Throws std::invalid_argument where one thing is given twice, or half.
void check_once(const char* what, const std::string& file, const std::string& text) {
  if (!file.empty() && !text.empty()) {
    throw std::invalid_argument(fmt::format("TLS: the {} is given as a file and as a text: leave one out", what));
  }
}
void check_pair(const Pem& certificate, const Pem& key, bool needed) {
  check_once("certificate", certificate.file, certificate.text);
  check_once("key", key.file, key.text);
  if (certificate.empty() != key.empty()) {
    throw std::invalid_argument("TLS: a certificate and its key are given both or not at all");
  }
  if (needed && certificate.empty()) throw std::invalid_argument("TLS: a server needs a certificate and its key");
}

std::vector<std::string> without_empty(std::vector<std::string> files) {
  std::erase(files, std::string{});
  return files;
}

}  // namespace

void allow_http1(SSL* ssl) noexcept {
  static char mark;
  SSL_set_ex_data(ssl, http1_mark(), &mark);
}

void offer_http1(SSL* ssl) noexcept {
  static constexpr std::string_view kHttp1{"\x08http/1.1"};
  SSL_set_alpn_protos(ssl, bytes_of(kHttp1), kHttp1.size());
}

void offer_http1_too(SSL* ssl) noexcept { SSL_set_alpn_protos(ssl, bytes_of(kAlpnWithHttp1), kAlpnWithHttp1.size()); }

void throw_tls_error(const std::string& what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  throw std::runtime_error(what + (text != nullptr ? std::string{": "} + text : std::string{}));
}

TlsContext::TlsContext(std::function<Made()> make, std::vector<std::string> files, PeerVerifier verify)
    : make_(std::move(make)), verify_(std::move(verify)), files_(without_empty(std::move(files))) {
  reload();
}

void TlsContext::reload() {
  Contents now = contents();
  Made made = make_();
  const std::lock_guard lock{mutex_};
  made_ = std::move(made);
  made_of_ = std::move(now);
  looked_at_ = Clock::now();
}

TlsContext::Made TlsContext::current() {
  {
    const std::lock_guard lock{mutex_};
    const Clock::time_point now = Clock::now();
    if (now - looked_at_ < kLookEvery) return made_;
    looked_at_ = now;
    Contents seen = contents();
    if (seen == made_of_) return made_;
    made_of_ = std::move(seen);
  }
  try {
    reload();
  } catch (const std::exception& error) {
    log_error("transport", "TLS: {}; going on with the certificate that was there", error.what());
  }
  const std::lock_guard lock{mutex_};
  return made_;
}

void TlsContext::verify(const std::function<PeerIdentity()>& peer) const {
  if (!verify_) return;
  std::string refusal;
  try {
    refusal = verify_(peer());
  } catch (...) {
    refusal = error_text(std::current_exception());
  }
  if (!refusal.empty()) throw std::runtime_error("TLS: the peer was refused: " + refusal);
}

TlsContext::Contents TlsContext::contents() const {
  Contents found;
  for (const std::string& name : files_) {
    std::ifstream file{name, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    found.push_back(std::hash<std::string>{}(text));
  }
  return found;
}

}  // namespace tern::transport

namespace tern {

ServerTls::ServerTls(ServerTlsOptions options) {
  transport::check_pair({options.certificate_file, options.certificate}, {options.key_file, options.key}, true);
  transport::check_once("clients' authority", options.client_authority_file, options.client_authorities);
  transport::check_once("revocation list", options.revocation_list_file, options.revocation_lists);
  const bool asks = !options.client_authority_file.empty() || !options.client_authorities.empty();
  const bool checks =
      options.verify_client || !options.revocation_list_file.empty() || !options.revocation_lists.empty();
  if (checks && !asks) {
    throw std::invalid_argument(
        "TLS: clients' certificates can only be checked with client_authority_file or "
        "client_authorities, without which none is asked for");
  }
  std::vector<std::string> files{options.certificate_file, options.key_file, options.client_authority_file,
                                 options.revocation_list_file};
  PeerVerifier verify = options.verify_client;
  context_ = std::make_unique<transport::TlsContext>(
      [options = std::move(options)] { return transport::make_server(options); }, std::move(files), std::move(verify));
}
ServerTls::~ServerTls() = default;
void ServerTls::reload() { context_->reload(); }

ClientTls::ClientTls(ClientTlsOptions options)
    : server_name_(options.server_name), checks_server_name_(options.check_server_name) {
  transport::check_pair({options.certificate_file, options.certificate}, {options.key_file, options.key}, false);
  transport::check_once("authority", options.authority_file, options.authorities);
  transport::check_once("revocation list", options.revocation_list_file, options.revocation_lists);
  if (!options.check_server_name && !options.verify_server) {
    throw std::invalid_argument("TLS: check_server_name = false needs a verify_server that decides in its place");
  }
  std::vector<std::string> files{options.authority_file, options.certificate_file, options.key_file,
                                 options.revocation_list_file};
  PeerVerifier verify = options.verify_server;
  context_ = std::make_unique<transport::TlsContext>(
      [options = std::move(options)] { return transport::make_client(options); }, std::move(files), std::move(verify));
}
ClientTls::~ClientTls() = default;
void ClientTls::reload() { context_->reload(); }

}  // namespace tern
