// The pipeline: the only way from an agent to an upstream (design §3), for every method of MCP.
// Each step takes the previous step's type, so that skipping one does not compile; run() is the
// visible table. Every front calls it, and audit sees every outcome, refusals too.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "async/cancel.hpp"
#include "base/clock.hpp"
#include "gateway/call_limiter.hpp"
#include "gateway/directory.hpp"
#include "identity/decision.hpp"
#include "identity/principal.hpp"
#include "upstream/upstreams.hpp"

namespace gatehouse::gateway {

/// authenticate: done by the front's Authenticator, which is the only source of a Principal. All
/// views must outlive the run.
struct AuthenticatedCall {
  const identity::Principal& principal;
  std::string_view method = "tools/call";
  std::string_view connection;  ///< name of the connection; empty: there is none of that name
  std::string_view name;  ///< of tool or prompt, URI of the resource, id of the task, each as its
                          ///< server knows it; empty where the method has none
  std::string_view arguments;  ///< tools/call: proved JSON object
  std::string_view params;     ///< members of `params` without braces, `_meta` and the retry's
                               ///< members; empty for tools/call: name and arguments are all
  std::string_view extra;      ///< the retry's members (R-4), with a leading comma
  std::string_view meta;       ///< further members of `_meta` to pass on, without braces
  std::string_view request_id;
  const mcp::ClientCapabilities* capabilities =
      nullptr;                                     ///< what may be relayed upstream; null: nothing
  mcp_client::Interaction* interaction = nullptr;  ///< who answers what the server asks back
  mcp::NotificationSink* sink = nullptr;
  CancelSource* cancel = nullptr;
  /// What the operation needs, where the front knows it and the method does not say: tasks of a
  /// tool that only reads.
  std::optional<identity::Access> access;
};

struct LimitedCall;
struct ResolvedCall;
struct AuthorizedCall;
struct ValidatedCall;

/// A step said no.
struct Refused {
  enum class Step { limit, resolve, authorize, validate, reserve, dispatch };
  Step step = Step::dispatch;
  Error error;
  std::string scopes;  ///< authorize, beyond the token's scope: every scope the operation needs,
                       ///< space separated
  std::chrono::seconds retry_after{0};  ///< limit and reserve: when to come back
};

/// A person must act; `target` says for which connection.
struct NeedsPerson {
  upstream::Target target;
  upstream::PersonNeeded need;
};

/// A Success may ask back (input_required) only where the call has an interaction that relays it.
using CallOutcome = std::variant<mcp::Success, mcp::RpcError, NeedsPerson, Refused>;

class Pipeline final {
 public:
  /// All must outlive the pipeline.
  struct Parts {
    Directory& directory;
    upstream::Upstreams& upstreams;
    CallLimiter& limiter;
    Logger& audit;
    const Clock& clock;
  };
  explicit Pipeline(Parts parts) : parts_(parts) {}

  /// One coroutine: on the path of a call each frame costs.
  Task<CallOutcome> run(AuthenticatedCall call);

  /// What run() would refuse this call for now, by what the directory knows, were it made again:
  /// for one that has waited for its client. Nothing is audited; the call's own run is.
  std::optional<Refused> check_again(const AuthenticatedCall& call);

 private:
  class Record;
  /// What is known here does not suffice: the directory is stale, or the tool may be new.
  struct LookAgain {};
  using Resolved = std::variant<ResolvedCall, LookAgain, NeedsPerson, Refused>;
  enum class Look { first, last };

  std::variant<LimitedCall, Refused> limit(const AuthenticatedCall& call,
                                           identity::BudgetPlace& place);
  std::optional<Refused> reserve(const ValidatedCall& call, identity::BudgetPlace& place);
  Resolved resolve(const LimitedCall& limited, Look look);
  Task<Resolved> look_again(const LimitedCall& limited);
  std::variant<AuthorizedCall, Refused> authorize(ResolvedCall call);
  std::variant<ValidatedCall, Refused> validate(AuthorizedCall authorized);
  Task<Result<upstream::Outcome>> dispatch(ValidatedCall& call);
  CallOutcome translate(const ValidatedCall& call, Result<upstream::Outcome> outcome);
  void write_audit(const AuthenticatedCall& call, std::string_view outcome, SteadyTime started);

  Parts parts_;
};

}  // namespace gatehouse::gateway
