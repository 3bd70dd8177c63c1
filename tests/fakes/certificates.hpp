// Certificates made for one test: an authority, and server certificates that it signs, good and
// bad. Nothing is written but the authority's certificate, where the caller asks for it.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>

namespace gatehouse::fakes {

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};
using CertificatePtr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using ContextPtr = std::unique_ptr<SSL_CTX, Free>;

inline KeyPtr make_key() {
  return KeyPtr(EVP_EC_gen("P-256"));
}

struct CertificateSpec {
  std::string name;
  std::string alternatives;  ///< "DNS:localhost,IP:127.0.0.1"; empty: none
  bool authority = false;
  long valid_from = -3600;  ///< seconds from now
  long valid_until = 3600;
};

/// Signed by `issuer` with `issuer_key`; by itself when `issuer` is null.
inline CertificatePtr make_certificate(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer,
                                       EVP_PKEY* issuer_key) {
  static long serial = 1;
  CertificatePtr certificate(X509_new());
  X509* x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), spec.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(x509), spec.valid_until);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(spec.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer));
  const auto extend = [&](int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? x509 : issuer, x509, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!spec.alternatives.empty()) extend(NID_subject_alt_name, spec.alternatives);
  X509_sign(x509, issuer == nullptr ? key : issuer_key, EVP_sha256());
  return certificate;
}

/// A server's side of TLS with a new certificate.
class Authority final {
 public:
  Authority() : key_(make_key()) {
    certificate_ =
        make_certificate({.name = "Test CA", .authority = true}, key_.get(), nullptr, nullptr);
    char path[] = "/tmp/gatehouse-ca-XXXXXX";
    FILE* file = fdopen(mkstemp(path), "w");
    PEM_write_X509(file, certificate_.get());
    fclose(file);
    file_ = path;
  }
  ~Authority() { ::unlink(file_.c_str()); }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& file() const { return file_; }
  ContextPtr make_server(const CertificateSpec& spec, bool self_signed = false) const {
    const KeyPtr key = make_key();
    const CertificatePtr certificate =
        make_certificate(spec, key.get(), self_signed ? nullptr : certificate_.get(), key_.get());
    ContextPtr context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    return context;
  }

 private:
  KeyPtr key_;
  CertificatePtr certificate_;
  std::string file_;
};

}  // namespace gatehouse::fakes
