#include "transport/tls_stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "transport/readiness.h"

namespace tern::transport {

namespace {

struct Free {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// OpenSSL's reasons as error codes, and one of our own.
class TlsErrors final : public boost::system::error_category {
 public:
  static constexpr int kNothingButKeys = -1;
  static const TlsErrors& instance() {
    static const TlsErrors kInstance;
    return kInstance;
  }
  [[nodiscard]] const char* name() const noexcept override { return "TLS"; }
  [[nodiscard]] std::string message(int value) const override {
    if (value == kNothingButKeys) return "TLS: records without end that carry no data";
    const char* text = ERR_reason_error_string(static_cast<unsigned long>(value));
    return std::string{"TLS: "} + (text != nullptr ? text : "the connection broke");
  }
};

boost::system::error_code last_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return {code == 0 ? 1 : static_cast<int>(code), TlsErrors::instance()};
}

// A peer may send records without end that carry nothing: new keys, which cost more than they are long. After so many
// reads for one piece of data other connections have their turn, and after so many bytes it is given up. A record comes
// in two reads, and the third finds out that there are no more; it has 16 KiB.
constexpr int kReadsForData = 3;
constexpr std::size_t kMostWithoutData = std::size_t{64} * 1024;

/// What OpenSSL reads and writes through: its own socket BIO would die of SIGPIPE.
struct Below {
  std::unique_ptr<ByteStream> stream;
  int reads_left = kReadsForData;
  std::size_t without_data = 0;  // bytes
};
Below& below(BIO* bio) { return *static_cast<Below*>(BIO_get_data(bio)); }

int read_plain(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  if (below(bio).reads_left-- <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const IoResult result =
      below(bio).stream->read({reinterpret_cast<std::uint8_t*>(to), static_cast<std::size_t>(std::max(size, 0))});
  below(bio).without_data += result.size;
  if (result.would_block) BIO_set_retry_read(bio);
  return result.would_block || result.error ? -1 : static_cast<int>(result.size);
}

int write_plain(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const iovec piece{.iov_base = const_cast<char*>(from), .iov_len = static_cast<std::size_t>(std::max(size, 0))};
  const IoResult result = below(bio).stream->write({&piece, 1});
  if (result.would_block) BIO_set_retry_write(bio);
  return result.would_block || result.error ? -1 : static_cast<int>(result.size);
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* bio_method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tern byte stream");
    BIO_meth_set_read(made, read_plain);
    BIO_meth_set_write(made, write_plain);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return kMethod;
}

PeerIdentity identity_of(SSL* ssl) {
  PeerIdentity identity;
  const Owned<X509> certificate{SSL_get1_peer_certificate(ssl)};
  if (certificate == nullptr) return identity;
  identity.authenticated = SSL_get_verify_result(ssl) == X509_V_OK;
  std::array<char, 256> name{};
  const int size =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(), name.size());
  if (size > 0) identity.common_name.assign(name.data(), static_cast<std::size_t>(size));
  const Owned<BIO> memory{BIO_new(BIO_s_mem())};
  const auto take = [&memory] {
    char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    std::string taken{text, static_cast<std::size_t>(length)};
    BIO_reset(memory.get());
    return taken;
  };
  const Owned<GENERAL_NAMES> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME_print(memory.get(), sk_GENERAL_NAME_value(names.get(), i));
    identity.names.push_back(take());
  }
  PEM_write_bio_X509(memory.get(), certificate.get());
  identity.certificate = take();
  return identity;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(Loop& loop, std::unique_ptr<ByteStream> plain, TlsContext& context)
      : loop_(loop), plain_{.stream = std::move(plain)}, context_(context.current()), ssl_(SSL_new(context_.get())) {
    BIO* bio = BIO_new(bio_method());
    if (ssl_ == nullptr || bio == nullptr) throw_tls_error("cannot set up TLS");
    BIO_set_data(bio, &plain_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_read_ahead(ssl_.get(), 1);
  }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() override {
    // close_notify, if the socket accepts it at once.
    if (!shut_down_ && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  [[nodiscard]] ByteStream& plain() const noexcept { return *plain_.stream; }
  [[nodiscard]] int handshake() {
    plain_.reads_left = kReadsForData;
    plain_.without_data = 0;  // OpenSSL has limits of its own here
    return SSL_do_handshake(ssl_.get());
  }
  /// What came along with the end of the handshake is in OpenSSL already: the socket would not tell of it.
  void hands_shaken() noexcept { drained_ = SSL_has_pending(ssl_.get()) == 0; }

  IoResult read(std::span<std::uint8_t> to) override {
    if (shut_down_) return plain_.stream->read(to);
    IoResult result;
    drained_ = false;
    // One record after the other, so that nothing is left in OpenSSL when the socket is asked to say when there is
    // more.
    while (result.size < to.size()) {
      std::size_t got = 0;
      ERR_clear_error();
      plain_.reads_left = kReadsForData;
      if (SSL_read_ex(ssl_.get(), to.data() + result.size, to.size() - result.size, &got) == 1) {
        result.size += got;
        plain_.without_data = 0;
        continue;
      }
      const int why = SSL_get_error(ssl_.get(), 0);
      const bool blocked = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
      drained_ = blocked && plain_.reads_left >= 0;
      if (result.size > 0) break;  // what is wrong comes up again at the next read
      if (blocked) {
        result.would_block = true;
        if (plain_.without_data > kMostWithoutData) {
          result = {.error = {TlsErrors::kNothingButKeys, TlsErrors::instance()}};
        }
      } else if (why != SSL_ERROR_ZERO_RETURN) {
        result.error = last_tls_error();
      }
      break;
    }
    return result;
  }

  IoResult write(std::span<const iovec> pieces) override {
    IoResult result;
    for (const iovec& piece : pieces) {
      std::size_t written = 0;
      while (written < piece.iov_len) {
        std::size_t part = 0;
        ERR_clear_error();
        if (SSL_write_ex(ssl_.get(), static_cast<const char*>(piece.iov_base) + written, piece.iov_len - written,
                         &part) != 1) {
          const int why = SSL_get_error(ssl_.get(), 0);
          const bool blocked = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
          if (result.size > 0 && blocked) return result;
          result.would_block = blocked;
          if (!blocked) result.error = last_tls_error();
          return result;
        }
        written += part;
        result.size += part;
      }
    }
    return result;
  }

  void want_read(ByteStreamEvents& events) override {
    if (drained_) return plain_.stream->want_read(events);
    if (std::exchange(reader_, &events) != nullptr) return;
    loop_.post([this, alive = std::weak_ptr{alive_}] {
      if (alive.expired() || reader_ == nullptr) return;
      std::exchange(reader_, nullptr)->on_readable();
    });
  }
  void want_write(ByteStreamEvents& events) override { plain_.stream->want_write(events); }

  bool shut_down_writing() override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get()) != 0) {
      const int result = SSL_shutdown(ssl_.get());
      if (result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return false;
      ERR_clear_error();
    }
    // The peer's next records are dropped, not decrypted; its end shows below TLS too.
    shut_down_ = drained_ = true;
    reader_ = nullptr;
    return plain_.stream->shut_down_writing();
  }
  [[nodiscard]] std::size_t undelivered() const override { return plain_.stream->undelivered(); }

  [[nodiscard]] std::string peer() const override { return plain_.stream->peer(); }
  [[nodiscard]] std::string local() const override { return plain_.stream->local(); }
  [[nodiscard]] std::string cipher() const override {
    const char* name = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get()));
    return name == nullptr ? std::string{} : name;
  }
  [[nodiscard]] std::string_view alpn() const override {
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    return {reinterpret_cast<const char*>(protocol), size};
  }
  [[nodiscard]] PeerIdentity identity() const override { return identity_of(ssl_.get()); }

 private:
  Loop& loop_;
  Below plain_;
  TlsContext::Made context_;
  Owned<SSL> ssl_;
  bool drained_ = true;  // OpenSSL has nothing more, and the socket neither
  bool shut_down_ = false;
  ByteStreamEvents* reader_ = nullptr;  // gets an on_readable that is posted
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::string refusal(long verified, std::string_view expected) {
  std::string text = "TLS: the peer's certificate was refused: ";
  text += X509_verify_cert_error_string(verified);
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    text += ": it is not for \"";
    text += expected;
    text += "\"";
  }
  return text;
}

/// `expected` is the name that the certificate must have, for the error's text.
Task<void> shake_hands(TlsStream& stream, std::string_view expected) {
  for (;;) {
    ERR_clear_error();
    const int result = stream.handshake();
    if (result == 1) co_return stream.hands_shaken();
    const int why = SSL_get_error(stream.ssl(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      const long verified = SSL_get_verify_result(stream.ssl());
      if (verified != X509_V_OK) throw std::runtime_error(refusal(verified, expected));
      if (ERR_peek_error() == 0) throw std::runtime_error("TLS: the peer closed the connection during the handshake");
      throw_tls_error("TLS handshake failed");
    }
    const auto wanted = why == SSL_ERROR_WANT_WRITE ? Readiness::For::kWrite : Readiness::For::kRead;
    co_await Readiness{stream.plain(), wanted};
  }
}

}  // namespace

Task<std::unique_ptr<ByteStream>> accept_tls(Loop& loop, std::unique_ptr<ByteStream> plain, TlsContext& context,
                                             Alpn alpn) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(plain), context);
  if (alpn == Alpn::kHttp1Too) allow_http1(stream->ssl());
  SSL_set_accept_state(stream->ssl());
  co_await shake_hands(*stream, {});
  if (SSL_get0_peer_certificate(stream->ssl()) != nullptr) {
    context.verify([&stream] { return stream->identity(); });
  }
  co_return stream;
}

Task<std::unique_ptr<ByteStream>> connect_tls(Loop& loop, std::unique_ptr<ByteStream> plain, const ClientTls& tls,
                                              PeerName server_name, Alpn alpn) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(plain), tls.context());
  if (alpn == Alpn::kHttp1) offer_http1(stream->ssl());
  if (alpn == Alpn::kHttp1Too) offer_http1_too(stream->ssl());
  SSL_set_connect_state(stream->ssl());
  server_name.expect_of(stream->ssl(), tls);
  co_await shake_hands(*stream, server_name.text());
  tls.context().verify([&stream] { return stream->identity(); });
  if (alpn != Alpn::kHttp2) co_return stream;  // a server that knows no ALPN speaks HTTP/1.1
  if (stream->alpn() != "h2") throw std::runtime_error("TLS: the server does not offer HTTP/2 (ALPN \"h2\")");
  co_return stream;
}

}  // namespace tern::transport
