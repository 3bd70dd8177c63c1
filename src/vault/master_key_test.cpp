#include "vault/master_key.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
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
  EXPECT_EQ(FileKeySource(path()).load()->id(), first->id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(FileKey, is_the_same_for_all_who_start_at_once) {
  std::vector<std::string> ids(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& id : ids)
      threads.emplace_back([&] { id = FileKeySource(path()).load().value().id(); });
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

TEST_F(FileKey, follows_no_link) {
  std::filesystem::create_symlink("/dev/zero", path());
  EXPECT_EQ(error().code, Errc::storage);
}

TEST(ValueKey, is_base64_of_32_bytes) {
  const std::string bytes(32, 'k');
  const auto loaded = ValueKeySource(Secret(base64_encode(bytes) + "\t")).load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->id(), MasterKey::from_bytes(Secret(bytes)).value().id());
  EXPECT_FALSE(ValueKeySource(Secret("")).load());
  EXPECT_FALSE(ValueKeySource(Secret(base64_encode("short"))).load());
  EXPECT_FALSE(ValueKeySource(Secret("not base64!")).load());
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
