#include "net/address_guard.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace gatehouse::net {
namespace {

struct RangeV4 {
  std::uint32_t prefix;
  int bits;
  SpecialRange range;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The first match names the range, so that exact addresses stand before the blocks around them.
constexpr RangeV4 kRangesV4[] = {
    {v4(169, 254, 169, 254), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(169, 254, 170, 2), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(169, 254, 170, 23), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(100, 100, 100, 200), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(168, 63, 129, 16), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(192, 0, 0, 192), 32, {"a cloud metadata service", RangeKind::never}},
    {v4(0, 0, 0, 0), 32, {"the unspecified address", RangeKind::never}},
    {v4(0, 0, 0, 0), 8, {"\"this network\" (RFC 791)", RangeKind::never}},
    {v4(127, 0, 0, 0), 8, {"loopback", RangeKind::loopback}},
    {v4(10, 0, 0, 0), 8, {"a private network (RFC 1918)", RangeKind::allowable}},
    {v4(172, 16, 0, 0), 12, {"a private network (RFC 1918)", RangeKind::allowable}},
    {v4(192, 168, 0, 0), 16, {"a private network (RFC 1918)", RangeKind::allowable}},
    {v4(100, 64, 0, 0), 10, {"carrier-grade NAT (RFC 6598)", RangeKind::allowable}},
    {v4(169, 254, 0, 0), 16, {"link-local (RFC 3927)", RangeKind::allowable}},
    {v4(192, 0, 0, 0), 24, {"IETF protocol assignments (RFC 6890)", RangeKind::allowable}},
    {v4(192, 0, 2, 0), 24, {"a documentation network (RFC 5737)", RangeKind::allowable}},
    {v4(198, 51, 100, 0), 24, {"a documentation network (RFC 5737)", RangeKind::allowable}},
    {v4(203, 0, 113, 0), 24, {"a documentation network (RFC 5737)", RangeKind::allowable}},
    {v4(192, 88, 99, 0), 24, {"6to4 relay anycast (RFC 7526)", RangeKind::allowable}},
    {v4(192, 31, 196, 0), 24, {"AS112 (RFC 7535)", RangeKind::allowable}},
    {v4(192, 52, 193, 0), 24, {"AMT (RFC 7450)", RangeKind::allowable}},
    {v4(192, 175, 48, 0), 24, {"AS112 (RFC 7534)", RangeKind::allowable}},
    {v4(198, 18, 0, 0), 15, {"a benchmarking network (RFC 2544)", RangeKind::allowable}},
    {v4(224, 0, 0, 0), 4, {"multicast (RFC 5771)", RangeKind::never}},
    {v4(255, 255, 255, 255), 32, {"broadcast", RangeKind::never}},
    {v4(240, 0, 0, 0), 4, {"reserved (RFC 1112)", RangeKind::never}},
};

struct RangeV6 {
  std::array<std::uint16_t, 8> prefix;
  int bits;
  SpecialRange range;
};

constexpr RangeV6 kRangesV6[] = {
    {{}, 128, {"the unspecified address", RangeKind::never}},
    {{0, 0, 0, 0, 0, 0, 0, 1}, 128, {"loopback", RangeKind::loopback}},
    {{0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254}, 128, {"a cloud metadata service", RangeKind::never}},
    {{0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23}, 128, {"a cloud metadata service", RangeKind::never}},
    {{0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254}, 128, {"a cloud metadata service", RangeKind::never}},
    {{0x64, 0xff9b, 1}, 48, {"local-use NAT64 (RFC 8215)", RangeKind::allowable}},
    {{0x100}, 64, {"discard-only (RFC 6666)", RangeKind::never}},
    {{0x100, 0, 0, 1}, 64, {"a dummy prefix (RFC 9780)", RangeKind::never}},
    {{0x2001}, 32, {"Teredo (RFC 4380)", RangeKind::never}},
    {{0x2001, 2}, 48, {"a benchmarking network (RFC 5180)", RangeKind::allowable}},
    {{0x2001, 0xdb8}, 32, {"a documentation network (RFC 3849)", RangeKind::allowable}},
    {{0x2001}, 23, {"IETF protocol assignments (RFC 2928)", RangeKind::allowable}},
    {{0x3fff}, 20, {"a documentation network (RFC 9637)", RangeKind::allowable}},
    {{0x5f00}, 16, {"segment routing (RFC 9602)", RangeKind::never}},
    {{0x2620, 0x4f, 0x8000}, 48, {"AS112 (RFC 7534)", RangeKind::allowable}},
    {{0xfc00}, 7, {"a unique local network (RFC 4193)", RangeKind::allowable}},
    {{0xfe80}, 10, {"link-local (RFC 4291)", RangeKind::allowable}},
    {{0xfec0}, 10, {"site-local (RFC 3879)", RangeKind::allowable}},
    {{0xff00}, 8, {"multicast (RFC 4291)", RangeKind::never}},
};

/// What lies outside 2000::/3 and is not listed above is not assigned to anyone.
constexpr SpecialRange kUnassigned{"not global unicast (RFC 4291)", RangeKind::never};

std::uint32_t v4_at(const IpAddress& address, std::size_t at) {
  return v4(address.bytes[at], address.bytes[at + 1], address.bytes[at + 2], address.bytes[at + 3]);
}

std::optional<SpecialRange> find_v4(std::uint32_t value) {
  for (const RangeV4& entry : kRangesV4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - entry.bits);
    if ((value & mask) == entry.prefix) return entry.range;
  }
  return std::nullopt;
}

IpAddress to_address(const std::array<std::uint16_t, 8>& groups) {
  IpAddress address;
  address.is_v6 = true;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    address.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  return address;
}

bool has_groups(const IpAddress& address, const std::array<std::uint16_t, 8>& prefix, int bits) {
  return in_prefix(address, to_address(prefix), bits);
}

/// Addresses that carry an IPv4 address which a translator or the kernel would connect to. The
/// optional is empty when `address` is none of them.
std::optional<std::optional<SpecialRange>> find_embedded(const IpAddress& address) {
  if (has_groups(address, {0, 0, 0, 0, 0, 0xffff}, 96)) return find_v4(v4_at(address, 12));
  if (has_groups(address, {0, 0, 0, 0, 0xffff, 0}, 96)) return find_v4(v4_at(address, 12));
  if (has_groups(address, {0x64, 0xff9b}, 96)) return find_v4(v4_at(address, 12));
  if (has_groups(address, {0x2002}, 16)) return find_v4(v4_at(address, 2));
  return std::nullopt;
}

std::optional<SpecialRange> find_v6(const IpAddress& address) {
  if (const auto embedded = find_embedded(address)) return *embedded;
  if (has_groups(address, {0x64, 0xff9b, 1}, 48)) {
    const auto inner = find_v4(v4_at(address, 12));
    if (inner && inner->kind == RangeKind::never) return inner;
  }
  for (const RangeV6& entry : kRangesV6) {
    if (has_groups(address, entry.prefix, entry.bits)) return entry.range;
  }
  if (!has_groups(address, {0x2000}, 3)) return kUnassigned;
  return std::nullopt;
}

bool allowed(const Passage& passage) {
  return std::ranges::any_of(passage.allowances, [&](const http::Allowance& allowance) {
    return allowance.purpose == passage.purpose && allowance.origin == passage.origin;
  });
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof(buffer)) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  *std::ranges::copy(text, buffer).out = '\0';
  IpAddress address;
  if (inet_pton(AF_INET, buffer, address.bytes.data()) == 1) return address;
  address.is_v6 = true;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof(buffer));
  return buffer;
}

bool in_prefix(const IpAddress& address, const IpAddress& prefix, int bits) {
  if (address.is_v6 != prefix.is_v6) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(address.bytes.data(), prefix.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xffU << (8 - bits % 8) & 0xffU;
  return (address.bytes[whole] & mask) == (prefix.bytes[whole] & mask);
}

std::optional<SpecialRange> find_special_range(const IpAddress& address) {
  return address.is_v6 ? find_v6(address) : find_v4(v4_at(address, 0));
}

Passage make_passage(const http::Url& url, std::string_view origin,
                     const http::SendOptions& options) {
  return {options.purpose, origin, url.is_https(), url.names_loopback(), options.allowances};
}

bool AddressGuard::permits_range(const Passage& passage, RangeKind kind) const {
  if (kind == RangeKind::never) return false;
  const bool open = loopback_ == Loopback::dangerously_open && kind == RangeKind::loopback;
  return (open && passage.names_loopback) || allowed(passage);
}

bool AddressGuard::permits(const Passage& passage, const IpAddress& address) const {
  const auto range = find_special_range(address);
  return !range || permits_range(passage, range->kind);
}

Result<void> AddressGuard::check_scheme(const Passage& passage) const {
  if (passage.https || allowed(passage)) return {};
  if (loopback_ == Loopback::dangerously_open && passage.names_loopback) return {};
  return fail(Errc::blocked_address,
              fmt::format("{} is plain http, which nothing allows for it", passage.origin),
              "use https, or allow this exact origin");
}

Result<void> AddressGuard::check_address(const Passage& passage, const IpAddress& address) const {
  const auto range = find_special_range(address);
  if (!range || permits_range(passage, range->kind)) return {};
  const std::string hint = range->kind == RangeKind::never
                               ? "this address is never contacted"
                               : "if this is intended, allow this exact origin";
  return fail(
      Errc::blocked_address,
      fmt::format("{} leads to {}, which is {}", passage.origin, address.text(), range->name),
      hint);
}

}  // namespace gatehouse::net
