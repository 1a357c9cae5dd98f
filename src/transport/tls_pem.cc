#include "transport/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "transport/tls_context.h"

namespace tern::transport {

namespace {

struct FreePem {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(STACK_OF(X509_INFO) * entries) const noexcept { sk_X509_INFO_pop_free(entries, X509_INFO_free); }
};
template <class T>
using OwnedPem = std::unique_ptr<T, FreePem>;
using Entries = OwnedPem<STACK_OF(X509_INFO)>;

std::string place_of(const Pem& pem) { return pem.file.empty() ? "the text in PEM" : "\"" + pem.file + "\""; }

[[noreturn]] void refuse_pem(const std::string& what, const Pem& pem) { throw_tls_error(what + place_of(pem)); }

std::string text_of(const Pem& pem) {
  if (pem.file.empty()) return pem.text;
  std::ifstream file{pem.file, std::ios::binary};
  if (!file) throw std::runtime_error("TLS: cannot open \"" + pem.file + "\"");
  return {std::istreambuf_iterator<char>{file}, {}};
}

OwnedPem<BIO> open_pem(const std::string& text) {
  OwnedPem<BIO> bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (bio == nullptr) throw_tls_error("cannot set up TLS");
  ERR_clear_error();
  return bio;
}

/// A key with a passphrase is refused: OpenSSL would ask for it on the terminal. `asked` is a bool, or null.
int no_passphrase(char* /*to*/, int /*size*/, int /*writing*/, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

/// Everything in it, in order: certificates and revocation lists.
Entries read_entries(const Pem& pem, const std::string& what) {
  const std::string text = text_of(pem);
  const OwnedPem<BIO> bio = open_pem(text);
  Entries entries{PEM_X509_INFO_read_bio(bio.get(), nullptr, no_passphrase, nullptr)};
  if (entries == nullptr) refuse_pem(what, pem);
  return entries;
}

/// Visits the entries of one kind, X509_INFO::x509 or X509_INFO::crl, and returns their number.
template <class T, class Visit>
int for_each(const Entries& entries, T* X509_INFO::* kind, Visit visit) {
  int count = 0;
  for (int i = 0; i < sk_X509_INFO_num(entries.get()); ++i) {
    T* one = sk_X509_INFO_value(entries.get(), i)->*kind;
    if (one == nullptr) continue;
    visit(one);
    ++count;
  }
  return count;
}

}  // namespace

void use_certificate(SSL_CTX* context, const Pem& certificate, const Pem& key) {
  const std::string failure = "cannot read a certificate from ";
  const Entries entries = read_entries(certificate, failure);
  bool first = true;
  const int count = for_each(entries, &X509_INFO::x509, [&](X509* one) {
    const long used = first ? SSL_CTX_use_certificate(context, one) : SSL_CTX_add1_chain_cert(context, one);
    first = false;
    if (used != 1) refuse_pem(failure, certificate);
  });
  if (count == 0) refuse_pem(failure, certificate);
  const std::string text = text_of(key);
  const OwnedPem<BIO> bio = open_pem(text);
  bool encrypted = false;
  const OwnedPem<EVP_PKEY> made{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &encrypted)};
  if (encrypted) {
    throw std::runtime_error("TLS: the private key in " + place_of(key) +
                             " is encrypted, and its passphrase is not asked for: store it decrypted (openssl pkey)");
  }
  if (made == nullptr || SSL_CTX_use_PrivateKey(context, made.get()) != 1) {
    throw_tls_error("cannot use the private key in " + place_of(key) + " with the certificate in " +
                    place_of(certificate));
  }
}

void trust(SSL_CTX* context, const Pem& authorities) {
  const std::string failure = "cannot read certificates of authorities from ";
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const int count = for_each(read_entries(authorities, failure), &X509_INFO::x509, [&](X509* one) {
    if (X509_STORE_add_cert(store, one) != 1) refuse_pem(failure, authorities);
  });
  if (count == 0) refuse_pem(failure, authorities);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

void name_authorities(SSL_CTX* context, const Pem& authorities) {
  const std::string failure = "cannot read certificates of authorities from ";
  for_each(read_entries(authorities, failure), &X509_INFO::x509, [&](X509* one) {
    if (SSL_CTX_add_client_CA(context, one) != 1) refuse_pem(failure, authorities);
  });
}

void refuse_revoked(SSL_CTX* context, const Pem& lists) {
  const std::string failure = "cannot read revocation lists from ";
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const int count = for_each(read_entries(lists, failure), &X509_INFO::crl, [&](X509_CRL* one) {
    if (X509_STORE_add_crl(store, one) != 1) refuse_pem(failure, lists);
  });
  if (count == 0) refuse_pem(failure, lists);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

}  // namespace tern::transport
