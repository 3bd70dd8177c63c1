// Text encodings: base64 (RFC 4648 §4, §5), hex, percent (RFC 3986) and form (WHATWG urlencoded).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse {

std::string base64url_encode(std::string_view bytes);  ///< unpadded
std::optional<std::string> base64url_decode(
    std::string_view text);  ///< unpadded; strict: nothing for bad alphabet or stray bits
std::string base64_encode(std::string_view bytes);                ///< padded
std::optional<std::string> base64_decode(std::string_view text);  ///< padded; strict
std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);

/// Percent-encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);
/// Nothing when a '%' is not followed by two hex digits. '+' is left alone.
std::optional<std::string> percent_decode(std::string_view text);

using FormFields = std::vector<std::pair<std::string, std::string>>;
/// application/x-www-form-urlencoded.
std::string form_encode(const FormFields& fields);
/// Order and repetitions are kept. Nothing when an escape is malformed.
std::optional<FormFields> form_decode(std::string_view text);

/// True when `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

/// ASCII lower case; other bytes are untouched.
std::string ascii_lower(std::string_view text);
/// ASCII case-insensitive equality.
bool ascii_iequal(std::string_view a, std::string_view b);
/// Without leading and trailing space and tab (RFC 9110 OWS).
std::string_view trim_ows(std::string_view text);

}  // namespace gatehouse
