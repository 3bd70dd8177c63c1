// SignIn: answers a call that needs its person first (design: rule 2), in the way the client can
// carry: an input_required URL elicitation (modern), elicitation/create or -32042 (2025-11-25),
// else a tool result with the link. An upstream's problem is never our 401, and "accept" means only
// that the page was opened.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/request_state.hpp"
#include "mcp_server/service.hpp"
#include "vault/store.hpp"

namespace gatehouse::gateway {

class SignIn final {
 public:
  /// Makes the link for a need; empty where no page can be reached, as over stdio or beyond
  /// loopback: then the answer names the command instead.
  using LinkMaker =
      std::function<std::string(const upstream::Target&, const upstream::PersonNeeded&)>;

  /// `store` and `clock` must outlive this.
  SignIn(vault::Store& store, const Clock& clock, RequestStateSealer sealer, LinkMaker make_link);

  /// What the answer is. `retry`: the person signed in meanwhile, run the call again and do not ask
  /// a second time.
  struct Answered {
    mcp_server::Reply reply;
    bool retry = false;
  };
  /// `round`: how often a modern client has been asked already.
  Task<Answered> answer(mcp_server::Call& call, const NeedsPerson& needs,
                        const RequestBinding& binding, int round);

  /// Checks what a modern client answered to our question before its call runs again; the reply
  /// refuses it. Nothing: go on.
  static std::optional<mcp_server::Reply> check_response(const mcp_server::Call& call);

  /// Of the credential that the target uses; 0 without one. Errors: storage.
  Task<Result<std::int64_t>> epoch_of(upstream::Target target);
  const RequestStateSealer& sealer() const { return sealer_; }

 private:
  Task<Answered> ask_legacy(mcp_server::Call& call, const NeedsPerson& needs, std::string link);
  mcp_server::Reply ask_modern(const NeedsPerson& needs, const std::string& link,
                               const RequestState& state) const;
  Task<bool> wait_for_login(vault::CredentialKey key, std::int64_t before, CancelSource& cancelled);

  vault::Store& store_;
  const Clock& clock_;
  RequestStateSealer sealer_;
  LinkMaker make_link_;
};

}  // namespace gatehouse::gateway
