// Front: one endpoint of the gateway as Bridge sees it: how it names things, what it lets through,
// and what it makes of an outcome. Implemented by AgentService, AggregateService and
// ConnectionService.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/pipeline.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::gateway {

/// One request of an agent, taken apart by its endpoint. Owned, but for the arguments, which are
/// the call's.
struct BridgedCall {
  std::string capability;  ///< as the agent named it: for texts, and what a retry is bound to
  std::string connection;
  std::string name;    ///< see AuthenticatedCall
  std::string params;  ///< see AuthenticatedCall
  std::string meta;    ///< see AuthenticatedCall
  std::string_view arguments;
  std::optional<identity::Access> access;
};

class Front {
 public:
  virtual ~Front() = default;

  enum class Questions { as_they_are, with_connection_name };
  enum class Extras { drop, pass };
  struct Manners {
    /// Whether people are told which connection asks them.
    Questions questions = Questions::with_connection_name;
    Extras logs = Extras::drop;  ///< log messages of the server, and its further notifications
    Extras extensions = Extras::drop;  ///< extension capabilities that the client declares
  };
  virtual Manners manners() const = 0;
  /// "/mcp": a retry is only good where the question was asked.
  virtual std::string_view endpoint() const = 0;
  /// The answer to a request that neither asks anything nor waits for a sign-in.
  virtual mcp_server::Reply present(const mcp_server::Call& call, const BridgedCall& bridged,
                                    CallOutcome outcome) const = 0;
};

}  // namespace gatehouse::gateway
