#include "vault/sealer.hpp"

#include <gtest/gtest.h>

#include "vault/fields.hpp"

namespace gatehouse::vault {
namespace {

MasterKey key_of(char fill) {
  return MasterKey::from_bytes(Secret(std::string(MasterKey::kBytes, fill))).value();
}

const Place kPlace{.organization = "org_1",
                   .table = "credentials",
                   .column = "tokens",
                   .row = "row_1",
                   .bound_to = {"https://as.example", "https://mcp.example"}};

Errc code(const Result<Secret>& result) {
  return result ? Errc::bug : result.error().code;
}

TEST(Sealer, opens_what_it_sealed_at_the_same_place) {
  const Sealer sealer(key_of('a'));
  const std::string sealed = sealer.seal("secret", kPlace);
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(sealer.open(sealed, kPlace)->reveal(), "secret");
  EXPECT_NE(sealer.seal("secret", kPlace), sealed);
}

TEST(Sealer, is_bound_to_every_part_of_the_place) {
  const Sealer sealer(key_of('a'));
  const std::string sealed = sealer.seal("secret", kPlace);
  std::vector<Place> others(7, kPlace);
  others[0].organization = "org_2";
  others[1].table = "registrations";
  others[2].column = "other";
  others[3].row = "row_2";
  others[4].bound_to[0] = "https://evil.example";
  others[5].bound_to.pop_back();
  // The same bytes, cut elsewhere.
  others[6].bound_to = {
      "https://as.example"
      "https://mcp.example",
      ""};
  for (const Place& other : others) EXPECT_EQ(code(sealer.open(sealed, other)), Errc::corrupt);
}

TEST(Sealer, refuses_every_changed_byte_and_every_cut) {
  const Sealer sealer(key_of('a'));
  const std::string sealed = sealer.seal("secret", kPlace);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(code(sealer.open(changed, kPlace)), Errc::corrupt) << i;
    EXPECT_EQ(code(sealer.open(sealed.substr(0, i), kPlace)), Errc::corrupt) << i;
  }
}

TEST(Sealer, opens_with_older_keys_and_names_the_key_that_is_missing) {
  const std::string sealed = Sealer(key_of('a')).seal("secret", kPlace);
  const Sealer rotated(key_of('b'), {key_of('a')});
  EXPECT_EQ(rotated.open(sealed, kPlace)->reveal(), "secret");
  const Result<Secret> missing = Sealer(key_of('b')).open(sealed, kPlace);
  ASSERT_EQ(code(missing), Errc::corrupt);
  EXPECT_NE(missing.error().detail.find("another key"), std::string::npos);
}

TEST(Sealer, keeps_several_secrets_apart) {
  const Sealer sealer(key_of('a'));
  const std::string sealed = sealer.seal_all({"one", "", "three"}, kPlace);
  const auto opened = sealer.open_all(sealed, kPlace, 3);
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)[0].reveal(), "one");
  EXPECT_EQ((*opened)[1].reveal(), "");
  EXPECT_EQ((*opened)[2].reveal(), "three");
  EXPECT_FALSE(sealer.open_all(sealed, kPlace, 2));
}

TEST(Fields, are_unambiguous) {
  EXPECT_NE(encode_fields({"ab", "c"}), encode_fields({"a", "bc"}));
  EXPECT_NE(encode_fields({"", "a"}), encode_fields({"a", ""}));
  EXPECT_EQ(decode_fields(encode_fields({"a", "", "b"}))->size(), 3U);
  EXPECT_TRUE(decode_fields("")->empty());
  EXPECT_FALSE(decode_fields("abc"));
  EXPECT_FALSE(
      decode_fields(std::string("\0\0\0\x02"
                                "a",
                                5)));
}

}  // namespace
}  // namespace gatehouse::vault
