// What a JoseKey holds, for jose.cpp and jose_json.cpp alone.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "oauth/jose.hpp"

namespace gatehouse::oauth {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

struct JoseKey::Material {
  KeyPtr key;
  JoseAlgorithm algorithm = JoseAlgorithm::es256;
  bool is_private = false;
};

/// The numbers of a JWK, decoded; empty where absent.
struct JwkNumbers {
  std::string n, e, p, q, dp, dq, qi;  ///< RSA
  std::string x, y;                    ///< EC, Ed25519
  std::string d;                       ///< private
};
/// Null when OpenSSL does not accept the numbers as a key of that kind.
KeyPtr make_rsa_key(const JwkNumbers& numbers);
KeyPtr make_p256_key(const JwkNumbers& numbers);
KeyPtr make_ed25519_key(const JwkNumbers& numbers);

}  // namespace gatehouse::oauth
