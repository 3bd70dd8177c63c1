#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "oauth/jose_material.hpp"
#include "oauth/json_fields.hpp"

namespace gatehouse::oauth {
namespace {

namespace json = boost::json;

constexpr std::size_t kTokenBytes = 64 * 1024;  // a header field holds half of that at most
constexpr std::size_t kJwksKeys = 64;

/// False when a member is there but is not strict base64url.
bool read_number(const json::object& jwk, std::string_view name, std::string& out) {
  if (!jwk.contains(json::string_view(name.data(), name.size()))) return true;
  const std::string text = string_member(jwk, name);
  if (text.empty() || text.size() > 2048) return false;
  const auto bytes = base64url_decode(text);
  if (!bytes) return false;
  out = *bytes;
  return true;
}

Result<JwkNumbers> read_numbers(const json::object& jwk) {
  JwkNumbers numbers;
  for (const auto& [name, out] :
       {std::pair{"n", &numbers.n}, std::pair{"e", &numbers.e}, std::pair{"p", &numbers.p},
        std::pair{"q", &numbers.q}, std::pair{"dp", &numbers.dp}, std::pair{"dq", &numbers.dq},
        std::pair{"qi", &numbers.qi}, std::pair{"x", &numbers.x}, std::pair{"y", &numbers.y},
        std::pair{"d", &numbers.d}}) {
    if (!read_number(jwk, name, *out))
      return fail(Errc::parse,
                  std::string("the member `") + name + "` of the JWK is not base64url");
  }
  return numbers;
}

struct Kind {
  JoseKey::Material material;
  std::optional<JoseAlgorithm> algorithm;
};

Result<Kind> read_jwk(const json::object& jwk) {
  if (const std::string use = string_member(jwk, "use"); !use.empty() && use != "sig")
    return fail(Errc::unsupported, "the JWK is not for signatures");
  Kind kind;
  if (const std::string name = string_member(jwk, "alg"); !name.empty()) {
    kind.algorithm = parse_jose_algorithm(name);
    if (!kind.algorithm)
      return fail(Errc::unsupported,
                  "the algorithm of the JWK is not supported: " + quote_remote(name, 40));
  }
  const Result<JwkNumbers> numbers = read_numbers(jwk);
  if (!numbers) return std::unexpected(numbers.error());
  const std::string type = string_member(jwk, "kty");
  const std::string curve = string_member(jwk, "crv");
  if (type == "RSA") {
    kind.material.key = make_rsa_key(*numbers);
  } else if (type == "EC" && curve == "P-256") {
    kind.material.key = make_p256_key(*numbers);
  } else if (type == "OKP" && curve == "Ed25519") {
    kind.material.key = make_ed25519_key(*numbers);
  } else {
    return fail(Errc::unsupported,
                "the kind of the JWK is not supported: " + quote_remote(type + " " + curve, 40));
  }
  if (!kind.material.key) return fail(Errc::parse, "the JWK is not a key of its kind");
  kind.material.is_private = !numbers->d.empty();
  return kind;
}

}  // namespace

Result<JoseKey> JoseKey::from_jwk(std::string_view text) {
  if (text.size() > kTokenBytes) return fail(Errc::parse, "the JWK is longer than 64 KB");
  const auto document = parse_object(text, "the JWK");
  if (!document) return std::unexpected(document.error());
  Result<Kind> kind = read_jwk(*document);
  if (!kind) return std::unexpected(kind.error());
  return from_material(std::move(kind->material), kind->algorithm);
}

Result<std::string> sign_jws(const JoseKey& key, const JwsHeader& header,
                             std::string_view payload) {
  json::object members;
  if (!header.type.empty()) members["typ"] = header.type;
  members["alg"] = to_string(key.algorithm());
  if (!header.key_id.empty()) members["kid"] = header.key_id;
  if (header.with_key) members["jwk"] = json::parse(key.public_jwk());
  std::string token = base64url_encode(json::serialize(members)) + "." + base64url_encode(payload);
  const Result<std::string> signature = key.sign(token);
  if (!signature) return std::unexpected(signature.error());
  return token + "." + base64url_encode(*signature);
}

Result<Jws> parse_jws(std::string_view compact) {
  if (compact.size() > kTokenBytes) return fail(Errc::parse, "the token is longer than 64 KB");
  const std::size_t first = compact.find('.');
  const std::size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos)
    return fail(Errc::parse, "the token does not have the three parts of a signed JWT");
  const auto header = base64url_decode(compact.substr(0, first));
  auto payload = base64url_decode(compact.substr(first + 1, second - first - 1));
  auto signature = base64url_decode(compact.substr(second + 1));
  if (!header || !payload || !signature)
    return fail(Errc::parse, "a part of the token is not base64url");
  const auto members = parse_object(*header, "the token's header");
  if (!members) return std::unexpected(members.error());
  const std::string name = string_member(*members, "alg");
  const auto algorithm = parse_jose_algorithm(name);
  if (!algorithm)
    return fail(Errc::unsupported,
                "the token's algorithm is not supported: " + quote_remote(name, 40));
  // RFC 7515 §4.1.11: what must be understood and is not, makes the whole invalid.
  if (members->contains("crit"))
    return fail(Errc::unsupported, "the token demands extensions (`crit`)");
  const json::value* jwk = members->if_contains("jwk");
  return Jws{.algorithm = *algorithm,
             .type = string_member(*members, "typ"),
             .key_id = string_member(*members, "kid"),
             .jwk = jwk != nullptr && jwk->is_object() ? json::serialize(*jwk) : std::string(),
             .payload = std::move(*payload),
             .signing_input = std::string(compact.substr(0, second)),
             .signature = std::move(*signature)};
}

Result<void> verify_jws(const Jws& jws, const JoseKey& key) {
  if (jws.algorithm != key.algorithm())
    return fail(Errc::policy, "the token is signed with " + std::string(to_string(jws.algorithm)) +
                                  ", its key is for " + std::string(to_string(key.algorithm())));
  if (!key.verify(jws.signing_input, jws.signature))
    return fail(Errc::policy, "the token's signature is wrong");
  return {};
}

Result<std::vector<PublishedKey>> parse_jwks(std::string_view text) {
  const auto document = parse_object(text, "the key set");
  if (!document) return std::unexpected(document.error());
  const json::value* list = document->if_contains("keys");
  if (list == nullptr || !list->is_array()) return fail(Errc::parse, "the key set has no `keys`");
  std::vector<PublishedKey> keys;
  std::size_t looked_at = 0;
  for (const json::value& item : list->get_array()) {
    if (++looked_at > kJwksKeys) break;
    if (!item.is_object()) continue;
    json::object jwk = item.get_object();
    // Nobody's private key is wanted here, and checking one costs far more than a public one.
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) jwk.erase(member);
    const Result<JoseKey> key = JoseKey::from_jwk(json::serialize(jwk));
    if (key) keys.push_back({*key, string_member(jwk, "kid")});
  }
  return keys;
}

}  // namespace gatehouse::oauth
