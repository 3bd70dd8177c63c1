// RequestView: the half of Call that only reads the request. The endpoints' calls derive from it
// and add how to talk back. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_server/endpoint_settings.hpp"
#include "mcp_server/log_level.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

class RequestView : public Call {
 public:
  /// The bytes behind `message` and `version` must outlive this object. `capabilities` are those of
  /// a legacy session and outlive it too, as does `floor`; null: the request declares its own.
  RequestView(std::shared_ptr<const Caller> caller, mcp::Era era, std::string_view version,
              jsonrpc::Message message, const mcp::ClientCapabilities* capabilities,
              const LogFloor* floor);

  /// Takes the parameters apart. Failure -32602 when a member that must be a string or an object is
  /// none.
  std::optional<Reply::Failure> parse();

  const Caller& caller() const final { return *caller_; }
  mcp::Era era() const final { return era_; }
  std::string_view protocol_version() const final { return version_; }
  std::string_view method() const final { return message_.method; }
  std::string_view params() const final {
    return message_.params.empty() ? std::string_view("{}") : message_.params;
  }
  std::string_view name() const final { return name_; }
  std::string_view arguments() const final { return arguments_; }
  std::string_view meta() const final { return meta_; }
  const mcp::ClientCapabilities& capabilities() const final { return *capabilities_; }
  std::string_view input_responses() const final { return input_responses_; }
  std::string_view request_state() const final { return request_state_; }
  std::string_view log_level() const final {
    return *floor_ ? to_string(**floor_) : std::string_view();
  }

  std::string_view id() const { return message_.id; }  ///< raw

  /// Whether the client wants this notification about its request: log messages of the level it
  /// asked for (modern: by `_meta`, else none), progress only with its token and growing (C-2).
  bool admits(std::string_view method, std::string_view params);
  /// Whether it declared the capability that this request of ours needs (B-7, E-1).
  bool may_be_asked(std::string_view method, std::string_view params, Asks asks) const;

 private:
  std::optional<Reply::Failure> parse_meta();
  bool admits_progress(std::string_view params);
  std::optional<Reply::Failure> take_string(std::string_view raw, std::string_view what,
                                            std::string& storage, std::string_view& into);

  std::shared_ptr<const Caller> caller_;
  mcp::Era era_;
  std::string_view version_;
  jsonrpc::Message message_;
  const mcp::ClientCapabilities* capabilities_;
  const LogFloor* floor_;
  LogFloor own_floor_;
  std::optional<double> progress_;  ///< the last one reported
  mcp::ClientCapabilities declared_;
  std::string name_storage_, state_storage_;
  std::string_view name_, arguments_, meta_, input_responses_, request_state_;
};

}  // namespace gatehouse::mcp_server
