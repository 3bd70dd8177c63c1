// Which endpoint a front wants that joins a running gateway over its socket (design §5). A front
// that wants /mcp says nothing, as fronts always did; any other asks in its first line and awaits
// the answer, so that a gateway which does not know of endpoints is noticed.
#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "jsonrpc/line_channel.hpp"

namespace gatehouse::cli {

/// The front's side. Errors: not_found (the gateway has no such endpoint), unsupported (it is too
/// old to know of endpoints), unavailable.
Task<Result<void>> ask_for_endpoint(std::shared_ptr<jsonrpc::LineChannel> gateway,
                                    std::string endpoint);

/// The gateway's side: what the first line asks for.
struct EndpointChoice {
  std::string endpoint = "/mcp";
  /// The same lines as before, with the first one where it was no question about endpoints. Null:
  /// the front has left.
  std::shared_ptr<jsonrpc::LineChannel> channel;
  bool asked = false;  ///< an answer is due
};
Task<EndpointChoice> read_endpoint_choice(std::shared_ptr<jsonrpc::LineChannel> channel);
/// Answers the question, with the error if there is one.
Task<> answer_endpoint_choice(std::shared_ptr<jsonrpc::LineChannel> channel, Result<void> granted);

}  // namespace gatehouse::cli
