#include "oauth/jose.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "oauth/id_token.hpp"

namespace gatehouse::oauth {
namespace {

using namespace std::chrono_literals;

// RFC 7515 appendix A.3.
constexpr std::string_view kEcJwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",)"
    R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})";
constexpr std::string_view kEs256 =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
// RFC 7515 appendix A.2.
constexpr std::string_view kRsaJwk =
    R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPdd)"
    R"(xHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s)"
    R"(oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtd)"
    R"(VMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kz)"
    R"(k2PAcDTW9gb54h4FRWyuXpoQ"})";
constexpr std::string_view kRs256 =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1"
    "L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE"
    "UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
// RFC 8037 appendix A.
constexpr std::string_view kEdJwk =
    R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr std::string_view kEdDsa =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
// Made with Node's crypto, salt of 32 bytes.
constexpr std::string_view kPsJwk =
    R"({"kty":"RSA","n":"teUt9sQkpCj0E9i75AaZTFipY3rSyH--iaH25BHsdTS-QYNwABJjpanWuDs50FsxeAY37f)"
    R"(BGUXQRxExwBEVS9N7-pyDM_2e2112zBfUViONmOVNQi9YYGgY8a06o2Cekve49W4p70tb734DRbajpuiir9cEin3)"
    R"(sCBC9j1wPAwHFqOVnxVhFPPQQp4GpJMV2bAVdE5C8QmpNS3ruUkCUgrP4Uptq5kkc69HjTWGTdFwUSmCTTvjRK0w)"
    R"(tzIhni04Lkrcg7mxuUVGTnQYK1jaMURMqaF_wLpvuN3JIs0CzktvM-hSlNd_3FkcX1KoK-4rzFk9vx3uGAyCkloZ)"
    R"(IV9TJ5nw","e":"AQAB","alg":"PS256"})";
constexpr std::string_view kPs256 =
    "eyJhbGciOiJQUzI1NiJ9.YSBwYXlsb2Fk.jO65yYe7CkgMNZBnGuLHvajxInwGt_MOiEx-Z_UH_Ns58UuOGtONZTISV7pL"
    "LAvwJ9mz8HnrhLl5se0VGGFjbC3AXYUv1k-9RiHOIdXc6s3NEtkrWOAX23KQU7PBQzulWNGZ_mBrAyTu7-Z-9lJrE-pCeB"
    "A3Cg-YY2A4RBeSefu_LvOR6PxU6QebxZEqUTgXpePX3N-joM-YSp26GOVaM3us0r8wMIU8UsqyPL4xpysi91hkvJ2cvBfa"
    "DrTqRNfFY1y8_"
    "1kJj2L6fa4fzOnt4EIJvb8Cl6p3vBlh3CcjBwmnzbwBhYXn51KFO1jOz2DJWIGjQ8qQrZJAuLxI7NxJsw";
constexpr std::string_view kThumbprintN =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWK"
    "RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQMic"
    "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3"
    "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

JoseKey key_of(std::string_view jwk) {
  auto key = JoseKey::from_jwk(jwk);
  EXPECT_TRUE(key.has_value()) << (key ? "" : key.error().detail);
  return key ? *key : *JoseKey::generate();
}

Result<void> check(std::string_view token, const JoseKey& key) {
  const auto jws = parse_jws(token);
  if (!jws) return std::unexpected(jws.error());
  return verify_jws(*jws, key);
}

std::string with_alg(std::string_view alg) {
  return base64url_encode(R"({"alg":")" + std::string(alg) + R"("})") + ".e30.AA";
}

TEST(Jose, the_examples_of_the_standards_verify) {
  EXPECT_TRUE(check(kEs256, key_of(kEcJwk)));
  EXPECT_TRUE(check(kRs256, key_of(kRsaJwk)));
  EXPECT_TRUE(check(kEdDsa, key_of(kEdJwk)));
  EXPECT_TRUE(check(kPs256, key_of(kPsJwk)));
}

TEST(Jose, deterministic_signatures_are_those_of_the_standard) {
  EXPECT_EQ(sign_jws(key_of(kEdJwk), {}, "Example of Ed25519 signing").value(), kEdDsa);
}

TEST(Jose, a_changed_byte_or_another_key_is_refused) {
  const JoseKey key = key_of(kEcJwk);
  for (std::size_t i = kEs256.find('.') + 1; i < kEs256.size(); i += 7) {
    std::string changed(kEs256);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != kEs256) EXPECT_FALSE(check(changed, key)) << i;
  }
  EXPECT_EQ(check(kEs256, *JoseKey::generate()).error().code, Errc::policy);
}

TEST(Jose, the_key_decides_the_algorithm_and_not_the_token) {
  const JoseKey rs256 = key_of(kRsaJwk);
  const std::string ps256_key = std::string(kPsJwk);
  EXPECT_EQ(check(kPs256, rs256).error().code, Errc::policy);
  EXPECT_EQ(check(kEs256, rs256).error().code, Errc::policy);
  for (const auto* name : {"none", "None", "HS256", "HS512", "RS512", "es256", ""})
    EXPECT_EQ(parse_jws(with_alg(name)).error().code, Errc::unsupported) << name;
  // The same modulus, but fixed to PS256: an RS256 token of it is refused as well.
  std::string fixed(kRsaJwk);
  fixed.replace(fixed.size() - 1, 1, R"(,"alg":"PS256"})");
  EXPECT_FALSE(check(kRs256, key_of(fixed)));
}

TEST(Jose, tokens_that_demand_extensions_or_are_malformed_are_refused) {
  const std::string critical = base64url_encode(R"({"alg":"ES256","crit":["b64"],"b64":false})");
  EXPECT_EQ(parse_jws(critical + ".e30.AA").error().code, Errc::unsupported);
  for (const std::string_view text :
       {"", ".", "..", "a.b", "eyJ.e30.AA", "e30.e30.AA.AA", "e30=.e30.A"})
    EXPECT_FALSE(parse_jws(text).has_value()) << text;
  EXPECT_EQ(parse_jws(std::string(70'000, 'A')).error().code, Errc::parse);
}

TEST(Jose, a_thumbprint_is_that_of_the_standard) {
  const std::string rsa = R"({"kty":"RSA","alg":"RS256","kid":"2011-04-29","e":"AQAB","n":")" +
                          std::string(kThumbprintN) + R"("})";
  EXPECT_EQ(key_of(rsa).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(key_of(kEdJwk).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Jose, a_new_key_survives_its_pem_and_signs) {
  const JoseKey key = JoseKey::generate().value();
  const auto again = JoseKey::from_pem(key.to_pem());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->thumbprint(), key.thumbprint());
  const std::string token =
      sign_jws(*again, {.type = "dpop+jwt", .key_id = "k\"1", .with_key = true}, "{}").value();
  const Jws jws = parse_jws(token).value();
  EXPECT_EQ(jws.type, "dpop+jwt");
  EXPECT_EQ(jws.key_id, "k\"1");
  const JoseKey public_key = key_of(jws.jwk);
  EXPECT_FALSE(public_key.is_private());
  EXPECT_TRUE(verify_jws(jws, public_key));
  EXPECT_EQ(public_key.sign("x").error().code, Errc::invalid_argument);
  EXPECT_TRUE(public_key.to_pem().empty());
}

TEST(Jose, private_keys_that_do_not_fit_say_why) {
  const Secret pem = JoseKey::generate()->to_pem();
  EXPECT_EQ(JoseKey::from_pem(pem, JoseAlgorithm::rs256).error().code, Errc::invalid_argument);
  EXPECT_NE(JoseKey::from_pem(pem, JoseAlgorithm::rs256).error().detail.find("ES256"),
            std::string::npos);
  const Error error = JoseKey::from_pem(Secret("not a key")).error();
  EXPECT_EQ(error.code, Errc::invalid_argument);
  EXPECT_EQ(error.detail.find("not a key"), std::string::npos);
  const Secret sealed(
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n-----END ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_NE(JoseKey::from_pem(sealed).error().detail.find("encrypted"), std::string::npos);
}

TEST(Jose, jwks_that_are_no_keys_are_refused) {
  const std::string off_curve = R"({"kty":"EC","crv":"P-256","x":")" +
                                base64url_encode(std::string(32, '\1')) + R"(","y":")" +
                                base64url_encode(std::string(32, '\1')) + R"("})";
  std::string mismatch(kEdJwk);
  mismatch.replace(mismatch.find("11qYA"), 5, "21qYA");
  for (const std::string& jwk :
       {off_curve, mismatch, std::string(R"({"kty":"oct","k":"AAAA"})"),
        std::string(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"),
        std::string(R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":3,"y":"AA"})"), std::string("[]")})
    EXPECT_FALSE(JoseKey::from_jwk(jwk).has_value()) << jwk;
  std::string encryption(kRsaJwk);
  encryption.replace(encryption.size() - 1, 1, R"(,"use":"enc"})");
  EXPECT_EQ(JoseKey::from_jwk(encryption).error().code, Errc::unsupported);
}

TEST(Jose, a_key_set_keeps_what_can_be_used) {
  const std::string set = R"({"keys":[{"kty":"oct","k":"AAAA"},7,)" + std::string(kRsaJwk) + "," +
                          R"({"kty":"OKP","crv":"Ed25519","kid":"b","x":)" +
                          R"("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  const auto keys = parse_jwks(set).value();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[1].key_id, "b");
  EXPECT_FALSE(parse_jwks("{}").has_value());
}

TEST(Jose, at_most_64_entries_of_a_key_set_are_looked_at) {
  const auto set = [](int unusable) {
    std::string text = R"({"keys":[)";
    for (int i = 0; i < unusable; ++i) text += i % 2 == 0 ? R"({"kty":"oct"},)" : "7,";
    return text + std::string(kRsaJwk) + "]}";
  };
  EXPECT_EQ(parse_jwks(set(63)).value().size(), 1U);
  EXPECT_EQ(parse_jwks(set(64)).value().size(), 0U);
}

TEST(Jose, private_members_of_a_published_key_are_ignored) {
  std::string rsa(kRsaJwk);
  // Incomplete, no base64url, and not of this key: as a private key it is refused.
  rsa.replace(rsa.size() - 1, 1, R"(,"d":"AQAB","p":"?","q":7,"dp":"","dq":[],"qi":"AQ"})");
  std::string ed(kEdJwk);
  ed.replace(ed.find("nWGxne"), 6, "mWGxne");
  std::string ec(kEcJwk);
  ec.replace(ec.find("jpsQnn"), 6, "kpsQnn");
  for (const std::string& jwk : {rsa, ed, ec}) EXPECT_FALSE(JoseKey::from_jwk(jwk)) << jwk;
  const auto keys = parse_jwks(R"({"keys":[)" + rsa + "," + ed + "," + ec + "]}").value();
  ASSERT_EQ(keys.size(), 3U);
  for (const PublishedKey& one : keys) EXPECT_FALSE(one.key.is_private());
  EXPECT_TRUE(check(kRs256, keys[0].key));
  EXPECT_TRUE(check(kEdDsa, keys[1].key));
  EXPECT_TRUE(check(kEs256, keys[2].key));
}

class IdTokens : public ::testing::Test {
 protected:
  IdTokens() : key_(JoseKey::generate().value()) {}

  std::string jwks(std::string_view kid = "k") const {
    std::string jwk = key_.public_jwk();
    jwk.insert(1, R"("kid":")" + std::string(kid) + R"(",)");
    return R"({"keys":[)" + jwk + "]}";
  }
  Result<IdToken> verify(std::string_view claims, std::string_view kid = "k") const {
    const std::string token = sign_jws(key_, {.key_id = std::string(kid)}, claims).value();
    return verify_id_token(token, jwks(), expected_);
  }
  // now is 1000
  Errc code(std::string_view claims) const {
    const auto verified = verify(claims);
    return verified ? Errc::bug : verified.error().code;
  }

  JoseKey key_;
  IdTokenExpectation expected_{
      .issuer = "https://i", .client_id = "c", .nonce = "n", .now = SystemTime(1000s), .skew = 10s};
};

TEST_F(IdTokens, a_right_one_is_accepted_also_within_the_skew) {
  const auto verified = verify(
      R"({"iss":"https://i","aud":["c"],"exp":995,"iat":1005,"nonce":"n","sub":"s","email":"e"})");
  ASSERT_TRUE(verified.has_value());
  EXPECT_EQ(verified->subject, "s");
  EXPECT_EQ(verified->display, "e");
  EXPECT_EQ(verified->expires_at, SystemTime(995s));
}

TEST_F(IdTokens, each_claim_is_checked) {
  const auto claims = [](std::string_view iss, std::string_view aud, int exp, int iat,
                         std::string_view nonce, std::string_view more = "") {
    return R"({"sub":"s","iss":")" + std::string(iss) + R"(","aud":)" + std::string(aud) +
           R"(,"exp":)" + std::to_string(exp) + R"(,"iat":)" + std::to_string(iat) +
           R"(,"nonce":")" + std::string(nonce) + R"(")" + std::string(more) + "}";
  };
  EXPECT_TRUE(verify(claims("https://i", R"("c")", 2000, 900, "n")));
  EXPECT_EQ(code(claims("https://i/", R"("c")", 2000, 900, "n")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"("d")", 2000, 900, "n")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"(["c","d"])", 2000, 900, "n")), Errc::policy);
  EXPECT_TRUE(verify(claims("https://i", R"(["c","d"])", 2000, 900, "n", R"(,"azp":"c")")));
  EXPECT_EQ(code(claims("https://i", R"("c")", 2000, 900, "n", R"(,"azp":"d")")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"("c")", 990, 900, "n")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"("c")", 2000, 1011, "n")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"("c")", 2000, 900, "n", R"(,"nbf":1011)")), Errc::policy);
  EXPECT_EQ(code(claims("https://i", R"("c")", 2000, 900, "m")), Errc::policy);
  EXPECT_EQ(code(R"({"iss":"https://i","aud":"c","nonce":"n","sub":"s"})"), Errc::parse);
  EXPECT_EQ(code(R"({"iss":"https://i","aud":"c","exp":1e99,"iat":900,"nonce":"n"})"), Errc::parse);
  EXPECT_EQ(code("[]"), Errc::parse);
}

TEST_F(IdTokens, a_key_that_is_not_published_is_told_from_a_wrong_signature) {
  const std::string claims =
      R"({"iss":"https://i","aud":"c","exp":2000,"iat":900,"nonce":"n","sub":"s"})";
  EXPECT_EQ(verify(claims, "newer").error().code, Errc::not_found);
  EXPECT_TRUE(verify(claims, ""));
  const std::string forged = sign_jws(*JoseKey::generate(), {.key_id = "k"}, claims).value();
  EXPECT_EQ(verify_id_token(forged, jwks(), expected_).error().code, Errc::policy);
}

}  // namespace
}  // namespace gatehouse::oauth
