// AddressGuard: decides which addresses a request may reach (design: rule 3). Pure. Asked by the
// connector for every resolved address and by the pool before each reuse of a connection. Tables:
// IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) and the metadata services of
// clouds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/client.hpp"
#include "http/url.hpp"

namespace gatehouse::net {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  ///< network order; IPv4 uses the first four
  bool is_v6 = false;

  /// Canonical literals only ("127.0.0.1", "::1"); no zones, no brackets, no short or octal forms.
  static std::optional<IpAddress> parse(std::string_view text);
  std::string text() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// True when the first `bits` bits of both are equal and the family is the same.
bool in_prefix(const IpAddress& address, const IpAddress& prefix, int bits);

enum class RangeKind {
  loopback,   ///< an allowance, or the development switch, opens it
  allowable,  ///< private and the like: an allowance opens it
  never,      ///< multicast, unspecified, cloud metadata: nothing opens it
};

struct SpecialRange {
  std::string_view name;  ///< "a private network (RFC 1918)"
  RangeKind kind;
};

/// The special range that `address` lies in, embedded IPv4 addresses included; none for addresses
/// of the public internet.
std::optional<SpecialRange> find_special_range(const IpAddress& address);

/// What one request may reach: its purpose, its origin and what was allowed.
struct Passage {
  http::Purpose purpose = http::Purpose::connection;
  std::string_view origin;  ///< Url::origin()
  bool https = true;
  bool names_loopback = false;  ///< Url::names_loopback()
  std::span<const http::Allowance> allowances;
};

Passage make_passage(const http::Url& url, std::string_view origin,
                     const http::SendOptions& options);

class AddressGuard final {
 public:
  /// See ClientConfig::dangerously_allow_http_loopback.
  enum class Loopback { guarded, dangerously_open };
  explicit AddressGuard(Loopback loopback) : loopback_(loopback) {}

  /// Refuses plain http without an allowance. Errors: blocked_address.
  Result<void> check_scheme(const Passage& passage) const;
  /// Refuses special addresses without an allowance, and some always. Errors: blocked_address.
  Result<void> check_address(const Passage& passage, const IpAddress& address) const;
  /// check_address() without words, for the path of a call.
  bool permits(const Passage& passage, const IpAddress& address) const;

 private:
  bool permits_range(const Passage& passage, RangeKind kind) const;
  Loopback loopback_;
};

}  // namespace gatehouse::net
