// Both stores keep the same promises.
#include <gtest/gtest.h>

#include <filesystem>

#include "async/run.hpp"
#include "base/random.hpp"
#include "oauth_server/memory_store.hpp"
#include "oauth_server/sqlite_store.hpp"

namespace gatehouse::oauth_server {
namespace {

using std::chrono::seconds;

class OAuthStore : public ::testing::TestWithParam<bool> {
 protected:
  OAuthStore() { open(); }
  ~OAuthStore() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void open() {
    store_.reset();
    if (!GetParam()) {
      store_ = std::make_unique<MemoryStore>(limits_);
      return;
    }
    auto opened = SqliteStore::open(directory_ / "demo.db", clock_.now(), limits_);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    store_ = std::move(*opened);
  }

  Token token(std::string hash, TokenKind kind, seconds life = seconds(100)) {
    return {std::move(hash), kind, permission_, clock_.now() + life, false};
  }
  template <class T>
  T run(Task<Result<T>> work) {
    auto result = run_to_end(context_, std::move(work));
    EXPECT_TRUE(result.has_value());
    return std::move(*result);
  }
  void run(Task<Result<void>> work) {
    EXPECT_TRUE(run_to_end(context_, std::move(work)).has_value());
  }

  boost::asio::io_context context_{1};
  ManualClock clock_;
  StoreLimits limits_{.clients = 3, .codes = 3, .tokens = 6};
  Permission permission_{"g", "c", "ada", "a b", "https://r.example/mcp"};
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("gatehouse-" + random_token(8));
  std::unique_ptr<Store> store_;
};

TEST_P(OAuthStore, clients_are_found_again_and_bounded) {
  for (int i = 0; i < 4; ++i) {
    Client client{
        .id = std::to_string(i), .name = "n", .redirect_uris = {"https://a/", "https://b/"}};
    client.auth_method = oauth::ClientAuthMethod::client_secret_post;
    client.secret_hash = "hash";
    client.may_refresh = true;
    client.created = clock_.now();
    run(store_->add_client(client));
  }
  EXPECT_FALSE(run(store_->find_client("0")));
  if (GetParam()) open();
  const auto found = run(store_->find_client("3"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->redirect_uris, (std::vector<std::string>{"https://a/", "https://b/"}));
  EXPECT_EQ(found->auth_method, oauth::ClientAuthMethod::client_secret_post);
  EXPECT_TRUE(found->may_refresh);
  EXPECT_EQ(found->created, clock_.now());
}

TEST_P(OAuthStore, a_code_is_fresh_once) {
  run(store_->add_code({"h", permission_, "https://a/", "challenge", clock_.now() + seconds(60)}));
  EXPECT_EQ(run(store_->take_code("x")).taken, Taken::absent);
  const auto first = run(store_->take_code("h"));
  EXPECT_EQ(first.taken, Taken::fresh);
  EXPECT_EQ(first.code.permission, permission_);
  EXPECT_EQ(first.code.challenge, "challenge");
  EXPECT_EQ(run(store_->take_code("h")).taken, Taken::used);
  run(store_->sweep(clock_.now() + seconds(60)));
  EXPECT_EQ(run(store_->take_code("h")).taken, Taken::absent);
}

TEST_P(OAuthStore, rotation_happens_once_and_reuse_is_noticed) {
  run(store_->add_tokens(token("a1", TokenKind::access), token("r1", TokenKind::refresh)));
  const auto rotate = [&](const char* old, const char* access, const char* refresh) {
    return run(
        store_->rotate(old, token(access, TokenKind::access), token(refresh, TokenKind::refresh)));
  };
  EXPECT_EQ(rotate("none", "a", "r"), Rotation::absent);
  EXPECT_EQ(rotate("a1", "a", "r"), Rotation::absent);
  EXPECT_EQ(rotate("r1", "a2", "r2"), Rotation::done);
  EXPECT_EQ(rotate("r1", "a3", "r3"), Rotation::reused);
  EXPECT_FALSE(run(store_->find_token("a3")));
  if (GetParam()) open();
  EXPECT_TRUE(run(store_->find_token("r1"))->consumed);
  EXPECT_EQ(run(store_->find_token("a2"))->permission, permission_);
  run(store_->revoke_token("a1"));
  EXPECT_FALSE(run(store_->find_token("a1")));
  run(store_->revoke_grant("g"));
  EXPECT_FALSE(run(store_->find_token("r2")));
}

TEST_P(OAuthStore, tokens_expire_and_are_bounded) {
  run(store_->add_tokens(token("short", TokenKind::access, seconds(1)), std::nullopt));
  for (int i = 0; i < 6; ++i) {
    run(store_->add_tokens(token(std::to_string(i), TokenKind::access), std::nullopt));
  }
  EXPECT_FALSE(run(store_->find_token("short")));
  EXPECT_TRUE(run(store_->find_token("0")));
  run(store_->sweep(clock_.now() + seconds(100)));
  EXPECT_FALSE(run(store_->find_token("5")));
}

INSTANTIATE_TEST_SUITE_P(Both, OAuthStore, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "sqlite" : "memory"; });

}  // namespace
}  // namespace gatehouse::oauth_server
