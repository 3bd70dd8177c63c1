// grant_type=client_credentials (RFC 6749 §4.4), for the machines named in the settings alone.
#include <algorithm>

#include "base/random.hpp"
#include "oauth/grants.hpp"
#include "oauth_server/endpoints.hpp"
#include "oauth_server/requested.hpp"
#include "oauth_server/token_pair.hpp"

namespace gatehouse::oauth_server {
namespace {

class MachineGrant final : public Grant {
 public:
  explicit MachineGrant(Context& context) : context_(context) {}

  std::string_view type() const override { return oauth::kClientCredentialsGrant; }

  Task<Outcome<std::string>> issue(const Client& client, const Parameters& form) override {
    const auto& machines = context_.settings.machines;
    if (std::ranges::find(machines, client.id, &Machine::id) == machines.end())
      co_return refuse("unauthorized_client", "this client acts for people only");
    auto scope = settle_scope(context_.settings, form.get("scope"));
    if (!scope) co_return std::unexpected(scope.error());
    auto resource = settle_resource(context_.settings, form);
    if (!resource) co_return std::unexpected(resource.error());
    const Permission permission{"grant_" + random_token(16), client.id, client.id,
                                std::move(*scope), std::move(*resource)};
    const TokenPair pair = make_token_pair(context_, permission);
    const auto stored = co_await context_.store.add_tokens(pair.access, std::nullopt);
    if (!stored) co_return server_error();
    ++context_.counters.access_tokens_issued;
    co_return describe_tokens(context_, pair.access_text, {}, permission.scope);
  }

 private:
  Context& context_;
};

}  // namespace

std::unique_ptr<Grant> make_machine_grant(Context& context) {
  return std::make_unique<MachineGrant>(context);
}

}  // namespace gatehouse::oauth_server
