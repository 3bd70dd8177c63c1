// The shapes of answers that endpoints share (RFC 6749 §5, RFC 7591 §3.2.2), and reading requests.
// Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "http/message.hpp"

namespace gatehouse::oauth_server {

/// A refusal in the words of OAuth.
struct Failure {
  std::string error;  ///< invalid_request, invalid_grant, …
  std::string description;
  int status = 400;
};

template <class T>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> refuse(std::string error, std::string description,
                                       int status = 400) {
  return std::unexpected(Failure{std::move(error), std::move(description), status});
}
/// Our store or our network failed: nothing the client did.
inline std::unexpected<Failure> server_error() {
  return refuse("server_error", "try again later", 503);
}

/// application/json with no-store.
http::Response json_answer(int status, std::string body);
/// {"error":…,"error_description":…}; 401 gets a Basic challenge (RFC 6749 §5.2).
http::Response failure_answer(const Failure& failure);

/// Parameters of a query or a form. Each may appear once (RFC 6749 §3.1), `resource` excepted.
class Parameters final {
 public:
  /// Errors: invalid_request.
  static Outcome<Parameters> parse(std::string_view encoded);
  /// The body of a form post. Errors: invalid_request.
  static Outcome<Parameters> parse_form(const http::Request& request);

  /// Absent and empty are the same (RFC 6749 §3.1).
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return !get(name).empty(); }
  std::size_t count(std::string_view name) const;

 private:
  FormFields fields_;
};

}  // namespace gatehouse::oauth_server
