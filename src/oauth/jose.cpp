#include "oauth/jose.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "oauth/jose_material.hpp"

namespace gatehouse::oauth {
namespace {

constexpr std::size_t kScalarBytes = 32;  // P-256
constexpr int kRsaBitsLeast = 2048;       // RFC 7518 §3.3
constexpr int kRsaBitsMost = 8192;        // larger ones cost seconds, and nobody has them
constexpr std::size_t kPemBytes = 64 * 1024;

constexpr std::array<std::pair<JoseAlgorithm, std::string_view>, 4> kNames{
    {{JoseAlgorithm::es256, "ES256"},
     {JoseAlgorithm::rs256, "RS256"},
     {JoseAlgorithm::ps256, "PS256"},
     {JoseAlgorithm::eddsa, "EdDSA"}}};

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string to_text(const BIGNUM* number, std::size_t width) {
  std::string text(width, '\0');
  if (BN_bn2binpad(number, bytes_of(text), static_cast<int>(width)) < 0) return {};
  return text;
}

/// The algorithm for this kind of key, or what is wrong with it.
Result<JoseAlgorithm> settle(EVP_PKEY* key, std::optional<JoseAlgorithm> wanted) {
  const auto unfit = [&](std::string_view kind) {
    return fail(Errc::unsupported, "the algorithm " + std::string(to_string(*wanted)) +
                                       " does not fit the key, which is " + std::string(kind));
  };
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    std::array<char, 64> group{};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1 ||
        std::string_view(group.data(), length) != "prime256v1")
      return fail(Errc::unsupported, "the elliptic curve of the key is not P-256");
    if (wanted && *wanted != JoseAlgorithm::es256) return unfit("P-256: use ES256");
    return JoseAlgorithm::es256;
  }
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kRsaBitsLeast || bits > kRsaBitsMost)
      return fail(Errc::unsupported,
                  "the RSA key has " + std::to_string(bits) + " bits; 2048 to 8192 are accepted");
    if (wanted && *wanted != JoseAlgorithm::rs256 && *wanted != JoseAlgorithm::ps256)
      return unfit("RSA: use RS256 or PS256");
    return wanted.value_or(JoseAlgorithm::rs256);
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    if (wanted && *wanted != JoseAlgorithm::eddsa) return unfit("Ed25519: use EdDSA");
    return JoseAlgorithm::eddsa;
  }
  return fail(Errc::unsupported, "the key is none of P-256, RSA and Ed25519");
}

/// PSS with SHA-256 and a salt as long as the digest (RFC 7518 §3.5).
bool use_padding(EVP_PKEY_CTX* context, JoseAlgorithm algorithm) {
  if (algorithm != JoseAlgorithm::ps256) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

const EVP_MD* digest_of(JoseAlgorithm algorithm) {
  return algorithm == JoseAlgorithm::eddsa ? nullptr : EVP_sha256();
}

// OpenSSL's ECDSA signatures are DER; JOSE wants two numbers of fixed width (RFC 7518 §3.4).
std::string from_der(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const SignaturePtr pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!pair) return {};
  return to_text(ECDSA_SIG_get0_r(pair.get()), kScalarBytes) +
         to_text(ECDSA_SIG_get0_s(pair.get()), kScalarBytes);
}

std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kScalarBytes) return {};
  const SignaturePtr pair(ECDSA_SIG_new());
  BignumPtr r(BN_bin2bn(bytes_of(signature), kScalarBytes, nullptr));
  BignumPtr s(BN_bin2bn(bytes_of(signature.substr(kScalarBytes)), kScalarBytes, nullptr));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* out = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &out);
  if (length <= 0) return {};
  std::string der(reinterpret_cast<char*>(out), static_cast<std::size_t>(length));
  OPENSSL_free(out);
  return der;
}

std::string number_of(EVP_PKEY* key, const char* name, std::size_t width) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  const BignumPtr owned(number);
  return base64url_encode(
      to_text(number, width != 0 ? width : static_cast<std::size_t>(BN_num_bytes(number))));
}

// Never asks the terminal: an encrypted key is refused.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

std::string_view to_string(JoseAlgorithm algorithm) {
  for (const auto& [value, name] : kNames)
    if (value == algorithm) return name;
  return {};
}

std::optional<JoseAlgorithm> parse_jose_algorithm(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  return std::nullopt;
}

Result<JoseKey> JoseKey::from_material(Material material, std::optional<JoseAlgorithm> algorithm) {
  const Result<JoseAlgorithm> settled = settle(material.key.get(), algorithm);
  if (!settled) return std::unexpected(settled.error());
  material.algorithm = *settled;
  return JoseKey(std::make_shared<const Material>(std::move(material)));
}

Result<JoseKey> JoseKey::from_pem(const Secret& pem, std::optional<JoseAlgorithm> algorithm) {
  const std::string_view text = pem.reveal();
  if (text.size() > kPemBytes)
    return fail(Errc::invalid_argument, "the private key is larger than 64 KB");
  const BioPtr source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Material material;
  if (source)
    material.key.reset(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!material.key) {
    const bool encrypted = text.find("ENCRYPTED") != std::string_view::npos;
    return fail(Errc::invalid_argument,
                encrypted ? "the private key is encrypted" : "the private key is not PEM (PKCS #8)",
                encrypted ? "decrypt it first: openssl pkcs8 -in FILE -out NEW"
                          : "make one: openssl genpkey -algorithm EC -pkeyopt "
                            "ec_paramgen_curve:P-256 -out FILE");
  }
  material.is_private = true;
  Result<JoseKey> key = from_material(std::move(material), algorithm);
  if (!key) return fail(Errc::invalid_argument, key.error().detail);
  return key;
}

Result<JoseKey> JoseKey::generate() {
  Material material;
  material.key.reset(EVP_EC_gen("P-256"));
  if (!material.key) return fail(Errc::bug, "no P-256 key could be made");
  material.is_private = true;
  return from_material(std::move(material), JoseAlgorithm::es256);
}

JoseAlgorithm JoseKey::algorithm() const {
  return material_->algorithm;
}

bool JoseKey::is_private() const {
  return material_->is_private;
}

Secret JoseKey::to_pem() const {
  // OpenSSL keeps what it knows as secure memory wiped; the copy here is wiped by Secret.
  const BioPtr sink(BIO_new(BIO_s_secmem()));
  if (!sink || !is_private() ||
      PEM_write_bio_PKCS8PrivateKey(sink.get(), material_->key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    return Secret();
  char* data = nullptr;
  const long length = BIO_get_mem_data(sink.get(), &data);
  return Secret(std::string(data, static_cast<std::size_t>(length)));
}

std::string JoseKey::public_jwk() const {
  EVP_PKEY* key = material_->key.get();
  switch (algorithm()) {
    case JoseAlgorithm::es256:
      return R"({"crv":"P-256","kty":"EC","x":")" +
             number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kScalarBytes) + R"(","y":")" +
             number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kScalarBytes) + R"("})";
    case JoseAlgorithm::rs256:
    case JoseAlgorithm::ps256:
      return R"({"e":")" + number_of(key, OSSL_PKEY_PARAM_RSA_E, 0) + R"(","kty":"RSA","n":")" +
             number_of(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"("})";
    case JoseAlgorithm::eddsa: {
      std::string raw(32, '\0');
      std::size_t length = raw.size();
      if (EVP_PKEY_get_raw_public_key(key, bytes_of(raw), &length) != 1) return {};
      return R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url_encode(raw) + R"("})";
    }
  }
  return {};
}

std::string JoseKey::thumbprint() const {
  return base64url_encode(sha256(public_jwk()));
}

Result<std::string> JoseKey::sign(std::string_view data) const {
  if (!is_private()) return fail(Errc::invalid_argument, "a public key cannot sign");
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  std::size_t length = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), &parameters, digest_of(algorithm()), nullptr,
                         material_->key.get()) != 1 ||
      !use_padding(parameters, algorithm()) ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes_of(data), data.size()) != 1) {
    ERR_clear_error();
    return fail(Errc::bug, "the private key cannot sign");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), bytes_of(signature), &length, bytes_of(data), data.size()) !=
      1) {
    ERR_clear_error();
    return fail(Errc::bug, "the private key did not sign");
  }
  signature.resize(length);
  return algorithm() == JoseAlgorithm::es256 ? from_der(signature) : signature;
}

bool JoseKey::verify(std::string_view data, std::string_view signature) const {
  const bool ecdsa = algorithm() == JoseAlgorithm::es256;
  const std::string der = ecdsa ? to_der(signature) : std::string(signature);
  if (der.empty()) return false;
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const bool right =
      context &&
      EVP_DigestVerifyInit(context.get(), &parameters, digest_of(algorithm()), nullptr,
                           material_->key.get()) == 1 &&
      use_padding(parameters, algorithm()) &&
      EVP_DigestVerify(context.get(), bytes_of(der), der.size(), bytes_of(data), data.size()) == 1;
  ERR_clear_error();
  return right;
}

}  // namespace gatehouse::oauth
