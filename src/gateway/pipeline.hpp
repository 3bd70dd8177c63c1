// The pipeline: the only way from an agent to an upstream (design §3). Each step takes the previous
// step's type, so that skipping one does not compile; run() is the visible table. Every front calls
// it, and audit sees every outcome, refusals too.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "async/cancel.hpp"
#include "base/clock.hpp"
#include "gateway/directory.hpp"
#include "identity/principal.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::gateway {

/// authenticate: done by the front's Authenticator, which is the only source of a Principal.
struct AuthenticatedCall {
  const identity::Principal& principal;
  std::string_view name;       ///< "<connection>.<tool>"
  std::string_view arguments;  ///< proved JSON object
  std::string_view request_id;
  const mcp::ClientCapabilities* capabilities =
      nullptr;  ///< what may be relayed upstream; null: nothing
  mcp::NotificationSink* sink = nullptr;
  CancelSource* cancel = nullptr;
};

struct LimitedCall;
struct ResolvedCall;
struct AuthorizedCall;
struct ValidatedCall;

/// A step said no.
struct Refused {
  enum class Step { limit, resolve, authorize, validate, dispatch };
  Step step = Step::dispatch;
  Error error;
  std::string scopes;  ///< authorize, beyond the token's scope: every scope the operation needs,
                       ///< space separated
};

/// A person must act; `target` says for which connection.
struct NeedsPerson {
  upstream::Target target;
  upstream::PersonNeeded need;
};

using CallOutcome = std::variant<mcp::Success, mcp::RpcError, NeedsPerson, Refused>;

class Pipeline final {
 public:
  /// All must outlive the pipeline.
  struct Parts {
    Directory& directory;
    upstream::Upstreams& upstreams;
    Logger& audit;
    const Clock& clock;
  };
  explicit Pipeline(Parts parts) : parts_(parts) {}

  Task<CallOutcome> run(AuthenticatedCall call);

 private:
  std::variant<LimitedCall, Refused> limit(const AuthenticatedCall& call);
  Task<std::variant<ResolvedCall, Refused, NeedsPerson>> resolve(LimitedCall call);
  std::variant<AuthorizedCall, Refused> authorize(ResolvedCall call);
  std::variant<ValidatedCall, Refused> validate(AuthorizedCall call);
  Task<CallOutcome> dispatch(ValidatedCall call);
  Task<CallOutcome> run_steps(AuthenticatedCall call);
  Task<Result<upstream::ListOutcome>> list_again(const upstream::Target& target);
  void write_audit(const AuthenticatedCall& call, const CallOutcome& outcome, SteadyTime started);

  Parts parts_;
  std::map<std::string, int, std::less<>> under_way_;  ///< by token
};

}  // namespace gatehouse::gateway
