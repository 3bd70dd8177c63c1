#include "gateway/front_door.hpp"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

http::Request from(std::string_view host, std::string_view origin = {}) {
  http::Request request;
  if (!host.empty()) request.headers.add("Host", host);
  if (!origin.empty()) request.headers.add("Origin", origin);
  return request;
}

TEST(FrontDoor, admits_its_own_names_and_localhost) {
  const FrontDoor door("", {"127.0.0.1:8484", "[::1]:8484"});
  EXPECT_EQ(door.admit(from("127.0.0.1:8484")), FrontDoor::Verdict::admit);
  EXPECT_EQ(door.admit(from("LOCALHOST:8484", "http://localhost:8484")), FrontDoor::Verdict::admit);
  EXPECT_EQ(door.base_url(), "http://127.0.0.1:8484");
  EXPECT_TRUE(door.on_loopback());
}

TEST(FrontDoor, refuses_rebound_names_and_foreign_origins) {
  const FrontDoor door("", {"127.0.0.1:8484"});
  for (const char* host : {"evil.example.com", "127.0.0.1", "127.0.0.1:80", "localhost",
                           "127.0.0.1:8484.evil.example", "localhost:84840"}) {
    EXPECT_EQ(door.admit(from(host)), FrontDoor::Verdict::wrong_host) << host;
  }
  EXPECT_EQ(door.admit(from("")), FrontDoor::Verdict::wrong_host);
  for (const char* origin : {"http://evil.example.com", "null", "https://127.0.0.1:8484",
                             "http://127.0.0.1:8484.evil.example"}) {
    EXPECT_EQ(door.admit(from("127.0.0.1:8484", origin)), FrontDoor::Verdict::wrong_origin)
        << origin;
  }
  http::Request twice = from("127.0.0.1:8484");
  twice.headers.add("Host", "evil.example.com");
  EXPECT_EQ(door.admit(twice), FrontDoor::Verdict::wrong_host);
}

TEST(FrontDoor, prefers_the_public_url) {
  const FrontDoor door("https://gate.example.com/", {"0.0.0.0:8484"});
  EXPECT_EQ(door.base_url(), "https://gate.example.com");
  EXPECT_FALSE(door.on_loopback());
  EXPECT_EQ(door.admit(from("gate.example.com", "https://gate.example.com")),
            FrontDoor::Verdict::admit);
}

}  // namespace
}  // namespace gatehouse::gateway
