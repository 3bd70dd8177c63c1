// Discovery with the person's consent: what would be reached on this machine, in a private network
// or without encryption is asked about first, origin by origin, and recorded (design: rule 3).
#pragma once

#include <string>
#include <vector>

#include "cli/services.hpp"
#include "oauth_client/discovery.hpp"
#include "oauth_client/issuer_change.hpp"

namespace gatehouse::cli {

/// What was said yes to on the command line.
struct Consent {
  bool loopback = false;             ///< --allow-loopback: origins that name this machine
  bool everything = false;           ///< --yes: every question that may be asked
  std::vector<std::string> origins;  ///< --allow: exact origins
};

/// Every value of --allow is an origin as the address guard compares it. Errors: invalid_argument,
/// with the form.
Result<void> check_origins(const std::vector<std::string>& origins);

struct Discovered {
  oauth_client::Discovery discovery;
  std::vector<http::Allowance> allowances;  ///< those of the request and what was agreed to
};

/// Discovers, asking for each allowance that turns out to be missing. A refusal leaves
/// Discovery::problem as it is. Errors: as discover(); cancelled; invalid_argument where nobody can
/// be asked.
Task<Result<Discovered>> discover_with_consent(Services& services,
                                               oauth_client::DiscoveryRequest request,
                                               Consent consent);

/// Asks about one origin. False: the person said no.
Task<Result<bool>> ask_allowance(Services& services, http::Allowance allowance, Consent consent);

/// The server has moved to another authorization server: shows old against new. The one that the
/// person agrees to. Errors: cancelled; sign_in_required when nobody can be asked or the answer is
/// no, with the command that agrees.
Task<Result<std::string>> agree_to_issuer(Services& services, std::string name,
                                          oauth_client::IssuerChange change);

/// Lets the person choose among several authorization servers. Errors: cancelled, invalid_argument.
Task<Result<std::string>> choose_issuer(Services& services, std::vector<std::string> issuers);

}  // namespace gatehouse::cli
