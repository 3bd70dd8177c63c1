#include "gateway/connect_links.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace gatehouse::gateway {
namespace {

const SystemTime kNow{std::chrono::milliseconds(1'800'000'000'000)};

ConnectLink need(const std::string& connection) {
  ConnectLink link;
  link.connection = connection;
  link.key.connection = ConnectionId{connection};
  return link;
}

TEST(ConnectLinks, give_the_same_link_until_it_was_started) {
  ConnectLinks links;
  const std::string first = links.make(need("notion"), kNow);
  EXPECT_EQ(links.make(need("notion"), kNow), first);
  EXPECT_NE(links.make(need("linear"), kNow), first);
  links.find(first, kNow)->started = true;
  EXPECT_NE(links.make(need("notion"), kNow), first);
}

TEST(ConnectLinks, end_after_the_life_of_an_authorization) {
  ConnectLinks links;
  const std::string id = links.make(need("notion"), kNow);
  EXPECT_NE(links.find(id, kNow), nullptr);
  EXPECT_EQ(links.find(id, kNow + limits::kAuthorizationLife), nullptr);
  EXPECT_EQ(links.find("unknown", kNow), nullptr);
}

TEST(ConnectLinks, stay_bounded_however_many_are_asked_for) {
  ConnectLinks links;
  for (std::size_t i = 0; i < ConnectLinks::kMaxLinks + 50; ++i)
    links.make(need("c" + std::to_string(i)), kNow);
  EXPECT_EQ(links.size(), ConnectLinks::kMaxLinks);
}

}  // namespace
}  // namespace gatehouse::gateway
