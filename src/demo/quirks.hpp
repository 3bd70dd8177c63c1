// The oddities that the demo shows on request: one table, from which `gatehouse demo --list-quirks`
// and docs/quirks.md are made. Each is the shape of something that a deployed server does. What
// plays them: quirky_front.hpp, old_transport.hpp and the settings in site.cpp. Pure.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatehouse::demo {

enum class Quirk : std::uint8_t {
  token_errors_ok_false,
  token_errors_200,
  token_type_user,
  token_type_missing,
  token_type_case,
  token_form,
  token_json_only,
  token_elsewhere,
  no_expiry,
  huge_expiry,
  refresh_keeps_token,
  refresh_refuses_resource,
  refresh_refuses_scope,
  refresh_too_early,
  registration_403,
  no_registration,
  secret_methods_only,
  secret_expires,
  openid_metadata,
  issuer_slash,
  wrong_issuer,
  no_metadata,
  resource_origin,
  bare_401,
  late_challenge,
  version_400,
  batched_answers,
  http_with_sse,
  http2_hints,
  slow_body,
  stalled_body,
};
inline constexpr std::size_t kQuirks = 31;

struct QuirkInfo {
  Quirk quirk;
  std::string_view name;     ///< what --quirk takes
  std::string_view seen_at;  ///< who does it in the wild
  std::string_view does;     ///< a sentence
  std::string_view right;    ///< what a good client makes of it
};

/// In the order of the enumeration.
std::span<const QuirkInfo> all_quirks();

class QuirkSet final {
 public:
  bool has(Quirk quirk) const { return set_[static_cast<std::size_t>(quirk)]; }
  void add(Quirk quirk) { set_.set(static_cast<std::size_t>(quirk)); }
  bool empty() const { return set_.none(); }

 private:
  std::bitset<kQuirks> set_;
};

/// Errors: invalid_argument, saying where the names are.
Result<QuirkSet> parse_quirks(std::span<const std::string> names);

/// For a terminal: names and what they do.
std::string quirks_text();
/// docs/quirks.md, whole.
std::string quirks_page();

}  // namespace gatehouse::demo
