// Rounds of a modern request: while the server answers `input_required`, its questions are put to
// the Interaction and the request is repeated with the responses (R-1 … R-6). The same over HTTP
// and stdio.
#pragma once

#include <string_view>

#include "jsonrpc/message.hpp"
#include "mcp/input_required.hpp"
#include "mcp_client/peer.hpp"

namespace gatehouse::mcp_client {

/// One answer and what kind of result it is, known from the proving pass.
struct Answered {
  mcp::Answer answer;
  mcp::ResultType type = mcp::ResultType::complete;
};

/// The answer in a proved result or error message that borrows `bytes`.
Answered make_answered(const jsonrpc::Message& message, std::string bytes);

/// One round trip with an id of its own.
class RoundTrip {
 public:
  virtual ~RoundTrip() = default;
  /// `extra_members` (with leading comma) belong into params.
  virtual Task<Result<Answered>> exchange(const mcp::Request& request,
                                          std::string_view capabilities,
                                          std::string_view extra_members) = 0;
};

/// The answer where nobody does rounds: input_required and results of extensions that the requester
/// declared pass as they are. Errors: protocol (result types that were not agreed on).
Result<mcp::Answer> take_unasked(const mcp::Request& request, Answered answered);

/// Returns input_required as it is when `interaction` is null or relays it, without the questions
/// that it keeps; rounds of those alone are done here. Returns results of other types as they
/// are where the requester declared an extension that they may belong to. Errors: those of
/// `exchange` and of the interaction, protocol (undeclared questions, unknown result types),
/// too_large (kMrtrRounds).
Task<Result<mcp::Answer>> run_rounds(RoundTrip& round_trip, const mcp::Request& request,
                                     Interaction* interaction);

}  // namespace gatehouse::mcp_client
