// Signing keys and compact JWS (RFC 7515, 7517, 7518, 7638, 8037) over OpenSSL. A key has one
// algorithm for good: what a token's header claims never chooses how it is verified, and `none` and
// HS* do not exist here. Used for client assertions (client_assertion.hpp), DPoP proofs (dpop.hpp)
// and ID tokens (id_token.hpp). Pure but for the randomness of new keys and signatures.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::oauth {

enum class JoseAlgorithm { es256, rs256, ps256, eddsa };

/// ES256, RS256, PS256 or EdDSA.
std::string_view to_string(JoseAlgorithm algorithm);
/// Nothing for every other name: case matters (RFC 7515 §4.1.1).
std::optional<JoseAlgorithm> parse_jose_algorithm(std::string_view name);

/// A private or public key with its algorithm: P-256 for ES256, RSA of 2048 to 8192 bits for RS256
/// and PS256, Ed25519 for EdDSA. Immutable; copies share the key.
class JoseKey final {
 public:
  /// A private key as PEM, PKCS #8 or the traditional forms, not encrypted. `algorithm`: nothing
  /// means ES256, RS256 or EdDSA by the kind of key. Errors: invalid_argument, naming what is
  /// wrong; the key's text is never part of it.
  static Result<JoseKey> from_pem(const Secret& pem,
                                  std::optional<JoseAlgorithm> algorithm = std::nullopt);
  /// A JWK, private when it has `d`. Its `alg` fixes the algorithm; without one as for from_pem().
  /// Errors: parse, unsupported (kind, curve, algorithm, size, or `use` other than "sig").
  static Result<JoseKey> from_jwk(std::string_view json);
  /// A new P-256 key. Errors: bug.
  static Result<JoseKey> generate();

  JoseAlgorithm algorithm() const;
  bool is_private() const;
  /// PKCS #8. A private key is needed.
  Secret to_pem() const;
  /// The public key with the required members only, in the order and form that RFC 7638 hashes.
  std::string public_jwk() const;
  /// BASE64URL(SHA-256(public_jwk())) (RFC 7638 §3).
  std::string thumbprint() const;

  /// Raw signature octets (RFC 7518 §3.4: R || S). Errors: invalid_argument (public key), bug.
  Result<std::string> sign(std::string_view data) const;
  bool verify(std::string_view data, std::string_view signature) const;

  struct Material;  ///< OpenSSL's

 private:
  explicit JoseKey(std::shared_ptr<const Material> material) : material_(std::move(material)) {}
  static Result<JoseKey> from_material(Material material, std::optional<JoseAlgorithm> algorithm);
  std::shared_ptr<const Material> material_;
};

/// What a JWS of ours says besides `alg`.
struct JwsHeader {
  std::string type;       ///< `typ`; empty: left out
  std::string key_id;     ///< `kid`; empty: left out
  bool with_key = false;  ///< `jwk`: the public key itself
};
/// Compact serialization. Errors: those of JoseKey::sign.
Result<std::string> sign_jws(const JoseKey& key, const JwsHeader& header, std::string_view payload);

/// A compact JWS taken apart; nothing in it is verified.
struct Jws {
  JoseAlgorithm algorithm = JoseAlgorithm::es256;
  std::string type;
  std::string key_id;
  std::string jwk;            ///< raw JSON of `jwk`; empty: none
  std::string payload;        ///< decoded
  std::string signing_input;  ///< header and payload as they were sent
  std::string signature;      ///< decoded
};
/// Errors: parse (not three parts of strict base64url, header not an object, longer than 64 KB),
/// unsupported (algorithm, `crit`).
Result<Jws> parse_jws(std::string_view compact);
/// The header's algorithm is the key's, and the signature is right. Errors: policy.
Result<void> verify_jws(const Jws& jws, const JoseKey& key);

/// Keys of a JWK Set (RFC 7517 §5) that can verify here; others are left out, also all after the
/// first 64 entries of whatever kind. Private members are ignored: each key is a public one.
struct PublishedKey {
  JoseKey key;
  std::string key_id;  ///< empty: none
};
/// Errors: parse.
Result<std::vector<PublishedKey>> parse_jwks(std::string_view document);

}  // namespace gatehouse::oauth
