// Keys from the numbers of a JWK (RFC 7518 §6, RFC 8037 §2).
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <vector>

#include "oauth/jose_material.hpp"

namespace gatehouse::oauth {
namespace {

/// Collects parameters for EVP_PKEY_fromdata; the numbers live as long as this.
class Parameters final {
 public:
  Parameters() : builder_(OSSL_PARAM_BLD_new()) {}
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  ~Parameters() {
    OSSL_PARAM_BLD_free(builder_);
    for (BIGNUM* number : numbers_) BN_clear_free(number);
  }

  void number(const char* name, std::string_view bytes) {
    if (bytes.empty()) return;
    BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                               static_cast<int>(bytes.size()), nullptr);
    if (number == nullptr) return;
    numbers_.push_back(number);
    OSSL_PARAM_BLD_push_BN(builder_, name, number);
  }
  void text(const char* name, const char* value) {
    OSSL_PARAM_BLD_push_utf8_string(builder_, name, value, 0);
  }
  void octets(const char* name, std::string_view bytes) {
    OSSL_PARAM_BLD_push_octet_string(builder_, name, bytes.data(), bytes.size());
  }

  KeyPtr make(const char* kind, bool is_private) const {
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder_);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr);
    EVP_PKEY* key = nullptr;
    if (parameters != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context) == 1)
      EVP_PKEY_fromdata(context, &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        parameters);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    ERR_clear_error();
    return KeyPtr(key);
  }

 private:
  OSSL_PARAM_BLD* builder_;
  std::vector<BIGNUM*> numbers_;
};

/// The private part belongs to the public one.
KeyPtr checked(KeyPtr key, bool is_private) {
  if (!key) return nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr);
  const bool right = context != nullptr && (is_private ? EVP_PKEY_pairwise_check(context)
                                                       : EVP_PKEY_public_check_quick(context)) == 1;
  EVP_PKEY_CTX_free(context);
  ERR_clear_error();
  return right ? std::move(key) : nullptr;
}

}  // namespace

KeyPtr make_rsa_key(const JwkNumbers& numbers) {
  // Bounded before OpenSSL computes with them: an exponent of hundreds of digits is an attack.
  if (numbers.n.empty() || numbers.n.size() > 1025 || numbers.e.empty() || numbers.e.size() > 8)
    return nullptr;
  const bool is_private = !numbers.d.empty();
  for (const std::string* part :
       {&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qi})
    if (part->size() > 1025 || (is_private && part->empty())) return nullptr;
  Parameters parameters;
  parameters.number(OSSL_PKEY_PARAM_RSA_N, numbers.n);
  parameters.number(OSSL_PKEY_PARAM_RSA_E, numbers.e);
  if (is_private) {
    parameters.number(OSSL_PKEY_PARAM_RSA_D, numbers.d);
    parameters.number(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p);
    parameters.number(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q);
    parameters.number(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp);
    parameters.number(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq);
    parameters.number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi);
  }
  KeyPtr key = parameters.make("RSA", is_private);
  // The check of a public RSA key is a test for small factors; what matters is its size.
  return is_private ? checked(std::move(key), true) : std::move(key);
}

KeyPtr make_p256_key(const JwkNumbers& numbers) {
  if (numbers.x.size() != 32 || numbers.y.size() != 32) return nullptr;
  const bool is_private = !numbers.d.empty();
  if (is_private && numbers.d.size() != 32) return nullptr;
  Parameters parameters;
  parameters.text(OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1");
  const std::string point = "\x04" + numbers.x + numbers.y;  // borrowed until make()
  parameters.octets(OSSL_PKEY_PARAM_PUB_KEY, point);
  parameters.number(OSSL_PKEY_PARAM_PRIV_KEY, numbers.d);
  return checked(parameters.make("EC", is_private), is_private);
}

KeyPtr make_ed25519_key(const JwkNumbers& numbers) {
  const auto* x = reinterpret_cast<const unsigned char*>(numbers.x.data());
  const auto* d = reinterpret_cast<const unsigned char*>(numbers.d.data());
  if (numbers.x.size() != 32 || (!numbers.d.empty() && numbers.d.size() != 32)) return nullptr;
  KeyPtr key(numbers.d.empty()
                 ? EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, x, 32)
                 : EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, d, 32));
  ERR_clear_error();
  if (!key || numbers.d.empty()) return key;
  // Made from d alone, so that x is only compared.
  std::string made(32, '\0');
  std::size_t length = made.size();
  EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(made.data()), &length);
  return made == numbers.x ? std::move(key) : nullptr;
}

}  // namespace gatehouse::oauth
