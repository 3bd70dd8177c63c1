// Any bytes as tokens, keys and key sets: nothing that was not signed by the key at hand verifies,
// keys that are accepted can be told apart and never carry their private part in public, and no
// claim is believed unsigned.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "oauth/dpop.hpp"
#include "oauth/id_token.hpp"
#include "oauth/jose.hpp"

namespace {

using namespace gatehouse;

void require(bool condition) {
  if (!condition) std::abort();
}

const oauth::JoseKey& our_key() {
  static const oauth::JoseKey key = oauth::JoseKey::generate().value();
  return key;
}

void try_key(std::string_view text) {
  const auto key = oauth::JoseKey::from_jwk(text);
  if (!key) {
    require(key.error().detail.size() < 1024);
    return;
  }
  require(key->thumbprint().size() == 43);
  require(key->public_jwk().find("\"d\"") == std::string::npos);
  // What we print can be read again, and is the same key.
  const auto again = oauth::JoseKey::from_jwk(key->public_jwk());
  require(again.has_value() && !again->is_private() && again->thumbprint() == key->thumbprint());
}

void try_token(std::string_view text) {
  const auto jws = oauth::parse_jws(text);
  if (!jws) {
    require(jws.error().detail.size() < 1024);
    return;
  }
  require(!oauth::verify_jws(*jws, our_key()));
  if (!jws->jwk.empty()) try_key(jws->jwk);
}

// As claims of a token that is signed: parsing them is all that may happen.
void try_claims(std::string_view text) {
  static const std::string jwks = R"({"keys":[)" + our_key().public_jwk() + "]}";
  const auto token = oauth::sign_jws(our_key(), {}, text);
  require(token.has_value());
  const oauth::IdTokenExpectation expected{
      .issuer = "https://i", .client_id = "c", .nonce = "n", .now = SystemTime{}};
  const auto verified = oauth::verify_id_token(*token, jwks, expected);
  if (verified) require(!verified->subject.empty() && !verified->display.empty());
  require(!oauth::verify_id_token(text, jwks, expected));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_token(text);
  try_key(text);
  try_claims(text);
  if (const auto keys = oauth::parse_jwks(text)) require(keys->size() <= 64);
  (void)oauth::JoseKey::from_pem(Secret(std::string(text)));
  if (const auto nonce = oauth::find_dpop_nonce({{"DPoP-Nonce", text}}))
    require(nonce->size() <= 512 && *nonce == text);
  (void)oauth::wants_dpop_nonce(400, text);
  return 0;
}
