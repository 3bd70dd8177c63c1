#include "net/address_guard.hpp"

#include <gtest/gtest.h>

namespace gatehouse::net {
namespace {

struct Case {
  const char* address;
  const char* range;  ///< part of the name; null: public
  RangeKind kind = RangeKind::allowable;
};

constexpr Case kCases[] = {
    {"1.1.1.1", nullptr},
    {"9.255.255.255", nullptr},
    {"11.0.0.0", nullptr},
    {"100.63.255.255", nullptr},
    {"100.128.0.0", nullptr},
    {"172.15.255.255", nullptr},
    {"172.32.0.0", nullptr},
    {"169.253.255.255", nullptr},
    {"192.167.255.255", nullptr},
    {"198.17.255.255", nullptr},
    {"198.20.0.0", nullptr},
    {"223.255.255.255", nullptr},
    {"0.0.0.0", "unspecified", RangeKind::never},
    {"0.1.2.3", "this network", RangeKind::never},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"100.64.0.0", "carrier-grade"},
    {"100.127.255.255", "carrier-grade"},
    {"100.100.100.200", "metadata", RangeKind::never},
    {"127.0.0.1", "loopback", RangeKind::loopback},
    {"127.255.255.255", "loopback", RangeKind::loopback},
    {"168.63.129.16", "metadata", RangeKind::never},
    {"169.254.0.1", "link-local"},
    {"169.254.169.254", "metadata", RangeKind::never},
    {"169.254.170.2", "metadata", RangeKind::never},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"192.0.0.8", "IETF"},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "6to4"},
    {"192.168.255.255", "private"},
    {"198.18.0.0", "benchmarking"},
    {"198.19.255.255", "benchmarking"},
    {"198.51.100.7", "documentation"},
    {"203.0.113.7", "documentation"},
    {"224.0.0.1", "multicast", RangeKind::never},
    {"239.255.255.255", "multicast", RangeKind::never},
    {"240.0.0.1", "reserved", RangeKind::never},
    {"255.255.255.255", "broadcast", RangeKind::never},
    {"2606:4700::1111", nullptr},
    {"2a00:1450:4001::1", nullptr},
    {"::", "unspecified", RangeKind::never},
    {"::1", "loopback", RangeKind::loopback},
    {"::2", "not global", RangeKind::never},
    {"::127.0.0.1", "not global", RangeKind::never},
    {"::ffff:8.8.8.8", nullptr},
    {"::ffff:127.0.0.1", "loopback", RangeKind::loopback},
    {"::ffff:169.254.169.254", "metadata", RangeKind::never},
    {"::ffff:10.1.2.3", "private"},
    {"::ffff:0:10.1.2.3", "private"},
    {"64:ff9b::8.8.8.8", nullptr},
    {"64:ff9b::127.0.0.1", "loopback", RangeKind::loopback},
    {"64:ff9b::169.254.169.254", "metadata", RangeKind::never},
    {"64:ff9b:1::8.8.8.8", "local-use NAT64"},
    {"64:ff9b:1::169.254.169.254", "metadata", RangeKind::never},
    {"100::1", "discard", RangeKind::never},
    {"2001::1", "Teredo", RangeKind::never},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo", RangeKind::never},
    {"2001:2::1", "benchmarking"},
    {"2001:20::1", "IETF"},
    {"2001:db8::1", "documentation"},
    {"2002:808:808::1", nullptr},
    {"2002:7f00:1::1", "loopback", RangeKind::loopback},
    {"2002:a9fe:a9fe::1", "metadata", RangeKind::never},
    {"3fff::1", "documentation"},
    {"5f00::1", "segment", RangeKind::never},
    {"fc00::1", "unique local"},
    {"fdff::1", "unique local"},
    {"fd00:ec2::254", "metadata", RangeKind::never},
    {"fd20:ce::254", "metadata", RangeKind::never},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "site-local"},
    {"ff02::1", "multicast", RangeKind::never},
    {"4000::1", "not global", RangeKind::never},
};

TEST(AddressGuard, names_the_special_range_of_every_address) {
  for (const Case& test : kCases) {
    const auto address = IpAddress::parse(test.address);
    ASSERT_TRUE(address) << test.address;
    const auto range = find_special_range(*address);
    ASSERT_EQ(range.has_value(), test.range != nullptr) << test.address;
    if (!range) continue;
    EXPECT_NE(range->name.find(test.range), std::string_view::npos)
        << test.address << " " << range->name;
    EXPECT_EQ(range->kind, test.kind) << test.address;
  }
}

Passage passage(std::string_view origin, std::span<const http::Allowance> allowances,
                http::Purpose purpose = http::Purpose::connection) {
  const http::Url url = *http::Url::parse(origin);
  return {purpose, origin, url.is_https(), url.names_loopback(), allowances};
}

const AddressGuard kGuard(AddressGuard::Loopback::guarded);
const AddressGuard kOpen(AddressGuard::Loopback::dangerously_open);
const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");
const IpAddress kPrivate = *IpAddress::parse("10.0.0.1");
const IpAddress kMetadata = *IpAddress::parse("169.254.169.254");
const IpAddress kPublic = *IpAddress::parse("1.1.1.1");

TEST(AddressGuard, lets_an_allowance_open_one_origin_for_one_purpose) {
  const http::Allowance allowances[] = {{"http://127.0.0.1:9000", http::Purpose::connection}};
  EXPECT_TRUE(kGuard.check_address(passage("http://127.0.0.1:9000", allowances), kLoopback));
  EXPECT_TRUE(kGuard.check_scheme(passage("http://127.0.0.1:9000", allowances)));
  EXPECT_FALSE(kGuard.check_address(passage("http://127.0.0.1:9001", allowances), kLoopback));
  EXPECT_FALSE(kGuard.check_scheme(passage("http://127.0.0.1:9001", allowances)));
  EXPECT_FALSE(kGuard.check_address(passage("https://127.0.0.1:9000", allowances), kLoopback));
  EXPECT_FALSE(kGuard.check_address(
      passage("http://127.0.0.1:9000", allowances, http::Purpose::authorization_server),
      kLoopback));
}

TEST(AddressGuard, never_opens_metadata_services_and_multicast) {
  const http::Allowance allowances[] = {{"http://169.254.169.254"}};
  const auto refused =
      kGuard.check_address(passage("http://169.254.169.254", allowances), kMetadata);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::blocked_address);
  EXPECT_EQ(refused.error().detail,
            "http://169.254.169.254 leads to 169.254.169.254, which is a cloud metadata service");
}

TEST(AddressGuard, refuses_plain_http_to_public_addresses_too) {
  EXPECT_FALSE(kGuard.check_scheme(passage("http://example.com", {})));
  EXPECT_TRUE(kGuard.check_scheme(passage("https://example.com", {})));
  EXPECT_TRUE(kGuard.check_address(passage("https://example.com", {}), kPublic));
}

TEST(AddressGuard, opens_loopback_and_nothing_else_with_the_development_switch) {
  EXPECT_TRUE(kOpen.check_scheme(passage("http://localhost:1", {})));
  EXPECT_TRUE(kOpen.check_address(passage("http://localhost:1", {}), kLoopback));
  EXPECT_FALSE(kOpen.check_address(passage("http://localhost:1", {}), kPrivate));
  EXPECT_FALSE(kOpen.check_address(passage("https://example.com", {}), kLoopback));
  EXPECT_FALSE(kOpen.check_scheme(passage("http://example.com", {})));
}

TEST(IpAddress, accepts_canonical_literals_only) {
  for (const char* text : {"", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "1.2.3.4.5",
                           "fe80::1%eth0", "[::1]", "1.2.3.4 ", "::ffff:1.2.3"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_EQ(IpAddress::parse("0:0::1")->text(), "::1");
}

}  // namespace
}  // namespace gatehouse::net
