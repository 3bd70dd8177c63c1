#include "oauth/dpop.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "oauth/client_assertion.hpp"

namespace gatehouse::oauth {
namespace {

using namespace std::chrono_literals;

// RFC 9449 §7.1: the access token of the example and its hash.
constexpr std::string_view kToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
constexpr std::string_view kHash = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

TEST(Dpop, a_proof_says_what_it_proves) {
  const JoseKey key = JoseKey::generate().value();
  const std::string proof = make_dpop_proof(key, {.method = "POST",
                                                  .url = "https://Server.example:443/a%20b?q=1",
                                                  .access_token = kToken,
                                                  .nonce = "n-0S6_WzA2Mj",
                                                  .now = SystemTime(1562262616s + 900ms)})
                                .value();
  const Jws jws = parse_jws(proof).value();
  EXPECT_EQ(jws.type, "dpop+jwt");
  EXPECT_EQ(jws.algorithm, JoseAlgorithm::es256);
  const JoseKey sent = JoseKey::from_jwk(jws.jwk).value();
  EXPECT_FALSE(sent.is_private());
  EXPECT_EQ(sent.thumbprint(), key.thumbprint());
  EXPECT_TRUE(verify_jws(jws, sent));
  for (const std::string& claim :
       {std::string(R"("htm":"POST")"), std::string(R"("htu":"https://server.example/a%20b")"),
        std::string(R"("iat":1562262616)"), std::string(R"("nonce":"n-0S6_WzA2Mj")"),
        R"("ath":")" + std::string(kHash) + "\""})
    EXPECT_NE(jws.payload.find(claim), std::string::npos) << jws.payload << " lacks " << claim;
}

TEST(Dpop, no_two_proofs_are_equal_and_what_is_unknown_is_left_out) {
  const JoseKey key = JoseKey::generate().value();
  const DpopClaims claims{.method = "POST", .url = "https://s", .now = SystemTime(1s)};
  const Jws first = parse_jws(make_dpop_proof(key, claims).value()).value();
  const Jws second = parse_jws(make_dpop_proof(key, claims).value()).value();
  EXPECT_NE(first.payload, second.payload);
  EXPECT_NE(first.payload.find(R"("htu":"https://s/")"), std::string::npos);
  EXPECT_EQ(first.payload.find("ath"), std::string::npos);
  EXPECT_EQ(first.payload.find("nonce"), std::string::npos);
  EXPECT_FALSE(make_dpop_proof(key, {.method = "POST", .url = "nowhere"}).has_value());
}

TEST(Dpop, nonces_are_read_where_they_are_nonces) {
  EXPECT_EQ(find_dpop_nonce({{"dpop-nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v"}}),
            "eyJ7S_zG.eyJH0-Z.HX4w-7v");
  EXPECT_EQ(find_dpop_nonce({}), std::nullopt);
  EXPECT_EQ(find_dpop_nonce({{"DPoP-Nonce", ""}}), std::nullopt);
  EXPECT_EQ(find_dpop_nonce({{"DPoP-Nonce", "a b"}}), std::nullopt);
  EXPECT_EQ(find_dpop_nonce({{"DPoP-Nonce", "a\"b"}}), std::nullopt);
  EXPECT_EQ(find_dpop_nonce({{"DPoP-Nonce", std::string(513, 'a')}}), std::nullopt);
}

TEST(Dpop, a_wish_for_a_nonce_is_told_from_other_refusals) {
  EXPECT_TRUE(wants_dpop_nonce(400, R"({"error":"use_dpop_nonce"})"));
  EXPECT_FALSE(wants_dpop_nonce(400, R"({"error":"invalid_dpop_proof"})"));
  EXPECT_FALSE(wants_dpop_nonce(200, R"({"error":"use_dpop_nonce"})"));
  const auto asked = [](int status, std::string_view challenge) {
    const std::string_view challenges[] = {"Basic realm=x", challenge};
    return wants_dpop_nonce(status, challenges);
  };
  EXPECT_TRUE(asked(401, R"(DPoP error="use_dpop_nonce", algs="ES256")"));
  EXPECT_TRUE(asked(401, R"(DPoP realm="x")"));
  EXPECT_FALSE(asked(401, R"(DPoP error="invalid_token")"));
  EXPECT_FALSE(asked(403, R"(DPoP error="use_dpop_nonce")"));
  EXPECT_FALSE(asked(401, "Bearer"));
}

TEST(Dpop, nonces_are_kept_by_origin_and_bounded) {
  DpopNonces nonces;
  nonces.remember("https://a/token", "1");
  nonces.remember("https://b/token", "2");
  nonces.remember("https://a:443/other", "3");
  EXPECT_EQ(nonces.find("https://a/token"), "3");
  EXPECT_EQ(nonces.find("https://b/"), "2");
  EXPECT_EQ(nonces.find("http://a/"), "");
  for (int i = 0; i < 1000; ++i) nonces.remember("https://h" + std::to_string(i), "x");
  EXPECT_EQ(nonces.find("https://h999/"), "x");
}

TEST(ClientAssertion, says_who_and_for_whom_and_is_never_the_same) {
  const JoseKey key = JoseKey::generate().value();
  const ClientAuthentication client{.client_id = "c",
                                    .method = ClientAuthMethod::private_key_jwt,
                                    .key = key,
                                    .key_id = "k1",
                                    .audience = "https://issuer"};
  const Secret first = make_client_assertion(client, SystemTime(1000s)).value();
  const Jws jws = parse_jws(first.reveal()).value();
  EXPECT_TRUE(verify_jws(jws, key));
  EXPECT_EQ(jws.key_id, "k1");
  for (const auto* claim : {R"("iss":"c")", R"("sub":"c")", R"("aud":"https://issuer")",
                            R"("iat":1000)", R"("exp":1120)", R"("jti":")"})
    EXPECT_NE(jws.payload.find(claim), std::string::npos) << claim;
  EXPECT_FALSE(first.same_as(make_client_assertion(client, SystemTime(1000s)).value()));
}

TEST(ClientAssertion, is_added_to_the_form_and_only_where_it_belongs) {
  ClientAuthentication client{.client_id = "c",
                              .method = ClientAuthMethod::private_key_jwt,
                              .key = JoseKey::generate().value(),
                              .audience = "https://issuer"};
  http::Request request = make_form_request("https://issuer/token", {{"a", "b"}}, client);
  EXPECT_FALSE(request.headers.contains("Authorization"));
  ASSERT_TRUE(authenticate(request, client, SystemTime(1000s)));
  const auto fields = form_decode(request.body).value();
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[1].first, "client_id");
  EXPECT_EQ(fields[2].second, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  EXPECT_TRUE(parse_jws(fields[3].second).has_value());
  client.key.reset();
  EXPECT_EQ(authenticate(request, client, {}).error().code, Errc::invalid_argument);
  client.method = ClientAuthMethod::none;
  const std::string before = request.body;
  EXPECT_TRUE(authenticate(request, client, {}));
  EXPECT_EQ(request.body, before);
}

}  // namespace
}  // namespace gatehouse::oauth
