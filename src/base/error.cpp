#include "base/error.hpp"

#include <array>
#include <cstdio>

namespace gatehouse {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::parse:
      return "parse";
    case Errc::protocol:
      return "protocol";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::blocked_address:
      return "blocked_address";
    case Errc::policy:
      return "policy";
    case Errc::unauthorized:
      return "unauthorized";
    case Errc::insufficient_scope:
      return "insufficient_scope";
    case Errc::sign_in_required:
      return "sign_in_required";
    case Errc::invalid_grant:
      return "invalid_grant";
    case Errc::invalid_client:
      return "invalid_client";
    case Errc::rejected:
      return "rejected";
    case Errc::server_error:
      return "server_error";
    case Errc::unavailable:
      return "unavailable";
    case Errc::outcome_unknown:
      return "outcome_unknown";
    case Errc::timeout:
      return "timeout";
    case Errc::too_large:
      return "too_large";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::session_lost:
      return "session_lost";
    case Errc::cancelled:
      return "cancelled";
    case Errc::tls:
      return "tls";
    case Errc::storage:
      return "storage";
    case Errc::corrupt:
      return "corrupt";
    case Errc::unsupported:
      return "unsupported";
    case Errc::bug:
      return "bug";
  }
  return "bug";
}

std::string describe(const Error& error) {
  if (error.hint.empty()) return error.detail;
  return error.detail + " (" + error.hint + ")";
}

Disposition classify(const Error& error) {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::server_error:
    case Errc::outcome_unknown:
    case Errc::rate_limited:
    case Errc::session_lost:
    case Errc::conflict:
    case Errc::storage:
      return Disposition::retry;
    case Errc::unauthorized:
    case Errc::insufficient_scope:
    case Errc::sign_in_required:
    case Errc::invalid_grant:
    case Errc::corrupt:
      return Disposition::reauthorize;
    case Errc::bug:
      return Disposition::bug;
    default:
      return Disposition::refuse;
  }
}

std::string quote_remote(std::string_view text, std::size_t max_bytes) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (out.size() > max_bytes) {
      out += "…";
      break;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += static_cast<char>(byte);
    } else {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", byte);
      out += escaped.data();
    }
  }
  return out + "\"";
}

}  // namespace gatehouse
