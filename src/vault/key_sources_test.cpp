#include "vault/key_sources.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <thread>

#include "base/encoding.hpp"
#include "vault/temporary_directory.hpp"

namespace gatehouse::vault {
namespace {

class FileKey : public testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "key"; }
  void write(std::string_view bytes, unsigned mode) {
    std::ofstream(path(), std::ios::binary) << bytes;
    ::chmod(path().c_str(), mode);
  }
  Error error() {
    const auto loaded = FileKeySource(path()).load();
    return loaded ? Error{} : loaded.error();
  }
  TemporaryDirectory directory_;
};

TEST_F(FileKey, is_made_once_and_readable_by_its_owner_only) {
  const auto first = FileKeySource(path()).load();
  ASSERT_TRUE(first) << describe(first.error());
  struct stat found{};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_EQ(found.st_size, 32);
  EXPECT_EQ(FileKeySource(path()).load()->front().id(), first->front().id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(FileKey, is_the_same_for_all_who_start_at_once) {
  std::vector<std::string> ids(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& id : ids)
      threads.emplace_back([&] { id = FileKeySource(path()).load().value().front().id(); });
  }
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
}

TEST_F(FileKey, is_refused_with_the_fix_when_others_may_read_it) {
  write(std::string(32, 'k'), 0640);
  EXPECT_EQ(error().code, Errc::policy);
  EXPECT_EQ(error().hint, "chmod 600 '" + path().string() + "'");
  ::chmod(path().c_str(), 0600);
  EXPECT_TRUE(FileKeySource(path()).load());
}

TEST_F(FileKey, is_refused_when_it_belongs_to_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  write(std::string(32, 'k'), 0600);
  ASSERT_EQ(::chown(path().c_str(), 1, 1), 0);
  EXPECT_EQ(error().code, Errc::policy);
}

TEST_F(FileKey, is_refused_when_it_is_no_key) {
  write("short", 0600);
  EXPECT_EQ(error().code, Errc::invalid_argument);
  write(std::string(33, 'k'), 0600);
  EXPECT_EQ(error().code, Errc::invalid_argument);
}

TEST_F(FileKey, holds_several_while_one_is_replaced) {
  FileKeySource source(path());
  const MasterKey old = source.load().value().front();
  const MasterKey next = MasterKey::make();
  ASSERT_TRUE(source.save({old, next}));
  const auto both = FileKeySource(path()).load();
  ASSERT_TRUE(both) << describe(both.error());
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0].id(), old.id());
  EXPECT_EQ((*both)[1].id(), next.id());
  struct stat found{};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  ASSERT_TRUE(source.save({next}));
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_size, 32) << "one key alone is what the first version wrote";
  EXPECT_EQ(FileKeySource(path()).load()->front().id(), next.id());
}

TEST_F(FileKey, is_refused_when_its_text_is_damaged) {
  const std::string key = base64_encode(std::string(32, 'k')) + "\n";
  for (const std::string& text :
       {std::string("gatehouse-key 2\n"), std::string("gatehouse-key 2\nshort\n"),
        std::string("gatehouse-key 3\n") + key, "gatehouse-key 2\n" + key.substr(0, 20)}) {
    write(text, 0600);
    EXPECT_EQ(error().code, Errc::invalid_argument) << text;
  }
}

/// A keyring in memory.
class FakeKeyring final : public SecretService {
 public:
  Result<Secret> look_up(const KeyringItem& item) override {
    if (problem) return std::unexpected(*problem);
    const auto found = items.find(item.kind + " " + item.name);
    if (found == items.end()) return fail(Errc::not_found, "no such item");
    return Secret(found->second);
  }
  Result<void> store(const KeyringItem& item, const Secret& secret) override {
    if (problem) return std::unexpected(*problem);
    items[item.kind + " " + item.name] = std::string(secret.reveal());
    return {};
  }
  Result<void> erase(const KeyringItem& item) override {
    items.erase(item.kind + " " + item.name);
    return {};
  }
  std::map<std::string, std::string> items;
  std::optional<Error> problem;
};

class KeySourcesTest : public FileKey {
 protected:
  std::unique_ptr<KeySources> sources(std::optional<KeyPlace> configured = {},
                                      std::string value = {}) {
    KeySources::Parts parts;
    parts.folder = directory_.path();
    parts.configured = configured;
    parts.value = Secret(std::move(value));
    parts.keyring = &keyring_;
    parts.new_store = new_store_;
    return std::make_unique<KeySources>(std::move(parts));
  }
  std::filesystem::path file() const { return directory_.path() / "gatehouse.key"; }
  FakeKeyring keyring_;
  bool new_store_ = true;
};

TEST_F(KeySourcesTest, make_a_key_in_the_keyring_for_a_new_store_only) {
  const std::string id = sources(KeyPlace::keyring)->load().value().front().id();
  EXPECT_EQ(keyring_.items.size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(sources(KeyPlace::keyring)->load().value().front().id(), id);
  keyring_.items.clear();
  new_store_ = false;
  EXPECT_EQ(sources(KeyPlace::keyring)->load().error().code, Errc::not_found);
}

TEST_F(KeySourcesTest, follow_the_file_that_points_to_the_keyring) {
  const auto first = sources();
  const MasterKey key = first->load().value().front();
  ASSERT_TRUE(first->settle(KeyPlace::keyring, key));
  const auto again = sources();
  EXPECT_EQ(again->load().value().front().id(), key.id());
  EXPECT_EQ(again->active().place(), KeyPlace::keyring);
  ASSERT_TRUE(again->settle(KeyPlace::file, key));
  EXPECT_TRUE(keyring_.items.empty());
  EXPECT_EQ(sources()->load().value().front().id(), key.id());
}

TEST_F(KeySourcesTest, give_the_files_key_along_so_that_the_store_stays_readable) {
  const MasterKey old = sources()->load().value().front();
  const auto keys = sources({}, base64_encode(std::string(32, 'n')))->load().value();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[1].id(), old.id());
}

TEST_F(KeySourcesTest, make_no_new_key_where_a_variable_or_a_command_gives_it) {
  const std::string given = base64_encode(std::string(32, 'n'));
  const auto first = sources({}, given);
  const MasterKey key = first->load().value().front();
  ASSERT_TRUE(first->settle(KeyPlace::environment, key));
  for (int round = 0; round < 2; ++round) {
    const auto without = sources()->load();
    ASSERT_FALSE(without) << "no key is made";
    EXPECT_EQ(without.error().code, Errc::not_found);
    EXPECT_TRUE(without.error().detail.contains("GATEHOUSE_KEY or key.command"));
  }
  const auto keys = sources({}, given)->load().value();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].id(), key.id());
  ASSERT_TRUE(sources({}, given)->settle(KeyPlace::file, key));
  EXPECT_EQ(sources()->load().value().front().id(), key.id());
}

TEST_F(KeySourcesTest, say_what_is_missing) {
  EXPECT_EQ(sources(KeyPlace::environment)->load().error().hint, "set it, or change key.source");
  EXPECT_EQ(sources(KeyPlace::command)->load().error().code, Errc::invalid_argument);
  EXPECT_EQ(sources()->find(KeyPlace::command).error().code, Errc::invalid_argument);
  keyring_.problem = Error{Errc::policy, "locked", "unlock it"};
  EXPECT_EQ(sources(KeyPlace::keyring)->load().error().hint, "unlock it");
}

TEST_F(FileKey, follows_no_link) {
  std::filesystem::create_symlink("/dev/zero", path());
  EXPECT_EQ(error().code, Errc::storage);
}

TEST(ValueKey, is_base64_of_32_bytes) {
  const std::string bytes(32, 'k');
  const auto loaded = ValueKeySource(Secret(base64_encode(bytes) + "\t")).load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->front().id(), MasterKey::from_bytes(Secret(bytes)).value().id());
  EXPECT_FALSE(ValueKeySource(Secret("")).load());
  EXPECT_FALSE(ValueKeySource(Secret(base64_encode("short"))).load());
  EXPECT_FALSE(ValueKeySource(Secret("not base64!")).load());
  const std::string two = base64_encode(bytes) + " \n" + base64_encode(std::string(32, 'o'));
  EXPECT_EQ(ValueKeySource(Secret(two)).load()->size(), 2U);
}

TEST(MasterKey, derives_one_key_for_each_purpose) {
  const MasterKey key = MasterKey::from_bytes(Secret(std::string(32, 'k'))).value();
  EXPECT_EQ(key.id().size(), MasterKey::kIdBytes);
  EXPECT_EQ(key.derive("a").reveal().size(), 32U);
  EXPECT_TRUE(key.derive("a").same_as(key.derive("a")));
  EXPECT_FALSE(key.derive("a").same_as(key.derive("b")));
}

}  // namespace
}  // namespace gatehouse::vault
