// The endpoints of the authorization server, one unit each. All answers are complete values, so
// that whoever serves them (demo/, tests) can wrap them. Each endpoint owns the phases its grants
// share; a grant only says what is particular to it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "http/message.hpp"
#include "oauth_server/answers.hpp"
#include "oauth_server/client_directory.hpp"
#include "oauth_server/context.hpp"
#include "oauth_server/pending_consents.hpp"
#include "oauth_server/pending_devices.hpp"

namespace gatehouse::oauth_server {

/// Absolute URL of an endpoint: issuer, without a slash at its end, and `path`.
std::string endpoint_url(const Settings& settings, std::string_view path);

/// RFC 8414 §3.2.
http::Response answer_metadata(const Context& context);

/// RFC 7591 §3: registration open to everybody, bounded by the store.
Task<http::Response> answer_registration(Context& context, const http::Request& request);

/// RFC 6749 §4.1.1 … §4.1.2 with RFC 9207: the consent page and what its buttons do.
class AuthorizeEndpoint final {
 public:
  AuthorizeEndpoint(Context& context, ClientDirectory& clients)
      : context_(context), clients_(clients) {}
  /// GET with the client's parameters: the consent page, an error page, or a redirect with an
  /// error.
  Task<http::Response> show(const http::Request& request);
  /// POST of the consent page: a redirect with a code, or with access_denied.
  Task<http::Response> decide(const http::Request& request);

 private:
  Task<Outcome<Client>> find_client(const Parameters& parameters);
  Outcome<PendingConsent> check(const Parameters& parameters, const Client& client) const;
  http::Response back(const PendingConsent& consent, FormFields fields) const;
  Task<http::Response> issue_code(const PendingConsent& consent, const User& user);

  Context& context_;
  ClientDirectory& clients_;
  PendingConsents pending_;
};

/// RFC 8628 §3.1 … §3.3. The codes live in memory: they are good for minutes only.
class DeviceEndpoint final {
 public:
  DeviceEndpoint(Context& context, ClientDirectory& clients, PendingDevices& devices)
      : context_(context), clients_(clients), devices_(devices) {}
  /// POST of a client: the codes.
  Task<http::Response> begin(const http::Request& request);
  /// GET of a browser: where the code is typed.
  http::Response show(const http::Request& request);
  /// POST of that page: what the code is for, then what its buttons do.
  http::Response decide(const http::Request& request);

 private:
  Task<Outcome<std::string>> issue_codes(const http::Request& request);
  http::Response confirm(const http::Request& request, const Parameters& form);
  http::Response settle(const http::Request& request, const Parameters& form);

  Context& context_;
  ClientDirectory& clients_;
  PendingDevices& devices_;
  PendingConsents pending_;
};

/// What a grant type does once the endpoint has read the form and authenticated the client.
class Grant {
 public:
  virtual ~Grant() = default;
  virtual std::string_view type() const = 0;
  /// Stores the tokens and returns the body of the answer.
  virtual Task<Outcome<std::string>> issue(const Client& client, const Parameters& form) = 0;
};

std::unique_ptr<Grant> make_code_grant(Context& context);
std::unique_ptr<Grant> make_refresh_grant(Context& context);
std::unique_ptr<Grant> make_device_grant(Context& context, PendingDevices& devices);
std::unique_ptr<Grant> make_machine_grant(Context& context);

/// RFC 6749 §3.2.
class TokenEndpoint final {
 public:
  TokenEndpoint(Context& context, ClientDirectory& clients, PendingDevices& devices);
  Task<http::Response> answer(const http::Request& request);

 private:
  Task<Outcome<std::string>> run(const http::Request& request);
  Context& context_;
  ClientDirectory& clients_;
  std::vector<std::unique_ptr<Grant>> grants_;
};

/// RFC 7009: revoking a refresh token revokes its grant, an access token only itself.
Task<http::Response> answer_revocation(Context& context, ClientDirectory& clients,
                                       const http::Request& request);

}  // namespace gatehouse::oauth_server
