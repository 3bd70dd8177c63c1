#include "config/layers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gatehouse::config {
namespace {

namespace fs = std::filesystem;

class LayersTest : public ::testing::Test {
 protected:
  LayersTest() : root_(fs::path(::testing::TempDir()) / ("layers_" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "home" / "work" / "repo" / "src");
    root_ = fs::canonical(root_);
    home_ = (root_ / "home").string();
    repo_ = root_ / "home" / "work" / "repo";
  }
  ~LayersTest() override { fs::remove_all(root_); }

  static std::string put(const fs::path& folder, const std::string& text = "{}") {
    fs::create_directories(folder / ".gatehouse");
    const fs::path file = folder / ".gatehouse" / "mcp.json";
    std::ofstream(file) << text;
    return file.string();
  }
  std::string found(const fs::path& from) const { return find_project_file(from.string(), home_); }

  fs::path root_, repo_;
  std::string home_;
};

TEST_F(LayersTest, the_file_of_the_repository_is_found_from_below) {
  fs::create_directories(repo_ / ".git");
  const std::string file = put(repo_);
  EXPECT_EQ(found(repo_ / "src"), file);
  EXPECT_EQ(found(repo_), file);
  const std::string nearer = put(repo_ / "src");
  EXPECT_EQ(found(repo_ / "src"), nearer);
}

TEST_F(LayersTest, the_search_ends_at_the_root_of_the_repository) {
  put(repo_.parent_path());
  EXPECT_EQ(found(repo_ / "src"), (repo_.parent_path() / ".gatehouse" / "mcp.json").string());
  fs::create_directories(repo_ / ".git");
  EXPECT_EQ(found(repo_ / "src"), "");
}

TEST_F(LayersTest, neither_the_home_directory_nor_what_is_above_it_is_a_project) {
  put(home_);
  put(root_);
  EXPECT_EQ(found(repo_ / "src"), "");
  EXPECT_EQ(found(home_), "");
  fs::create_directories(fs::path(home_) / ".git");  // dotfiles kept in a repository
  EXPECT_EQ(found(home_), (fs::path(home_) / ".gatehouse" / "mcp.json").string());
}

TEST_F(LayersTest, links_lead_to_one_and_the_same_file) {
  const std::string file = put(repo_);
  fs::create_directory_symlink(repo_, root_ / "home" / "link");
  EXPECT_EQ(found(root_ / "home" / "link" / "src"), file);
}

TEST_F(LayersTest, a_layer_tells_what_is_wrong_with_its_file) {
  const Where where{"", repo_.string(), home_};
  EXPECT_FALSE(read_layer(LayerKind::project, (repo_ / "none").string(), where));
  const std::string file = put(repo_, "{");
  EXPECT_TRUE(read_layer(LayerKind::project, file, where)->problem);
  EXPECT_TRUE(read_layer(LayerKind::project, repo_.string(), where)->problem) << "a directory";
  put(repo_, R"({"mcpServers":{"a":{"command":"${workspaceFolder}/x"}}})");
  const std::optional<Layer> layer = read_layer(LayerKind::project, file, where);
  ASSERT_FALSE(layer->problem);
  EXPECT_EQ(layer->document.entries.at(0).connection.command.at(0), repo_.string() + "/x");
}

TEST_F(LayersTest, a_global_file_that_others_may_write_to_is_refused_with_the_way_out) {
  const Where where{"", repo_.string(), home_};
  const std::string file = put(repo_);
  for (const auto bits : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(file, fs::perms(0644) | bits);
    const std::optional<Layer> layer = read_layer(LayerKind::global, file, where);
    ASSERT_TRUE(layer->problem);
    EXPECT_EQ(layer->problem->hint, "chmod go-w '" + file + "'");
    EXPECT_FALSE(read_layer(LayerKind::project, file, where)->problem);
  }
  fs::permissions(file, fs::perms(0644));
  EXPECT_FALSE(read_layer(LayerKind::global, file, where)->problem);
}

TEST_F(LayersTest, a_stamp_changes_with_the_file) {
  const std::string file = put(repo_);
  const std::string before = file_stamp(file);
  EXPECT_FALSE(before.empty());
  put(repo_, "{ }");
  EXPECT_NE(file_stamp(file), before);
  fs::remove(file);
  EXPECT_EQ(file_stamp(file), "");
}

}  // namespace
}  // namespace gatehouse::config
