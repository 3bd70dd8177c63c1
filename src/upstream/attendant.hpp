// Attendant: what one connection's settings let its server have of us beside the calls: the
// directories it may work in (roots/list, also for modern servers' input_required), and an ear for
// what it logs (notifications/message). Everything else a server asks goes to whoever answered
// before. One per connection and revision; lives as long as the Upstreams, because links that are
// being closed may still ask.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "mcp_client/peer.hpp"
#include "vault/records.hpp"

namespace gatehouse::upstream {

/// {"roots":[{"uri":"file:///…","name":"…"}]} of absolute directories. Pure.
std::string make_roots_result(const std::vector<std::string>& directories);

/// `declared` with the capability to list roots. Pure.
mcp::ClientCapabilities with_roots(const mcp::ClientCapabilities& declared);

class Attendant final : public mcp_client::Interaction, public mcp::NotificationSink {
 public:
  /// `log` and `clock` must outlive this.
  Attendant(const vault::Connection& connection, Logger& log, const Clock& clock);

  bool has_roots() const { return !roots_result_.empty(); }
  bool logs() const { return !log_level_.empty(); }
  const std::string& log_level() const { return log_level_; }
  /// The `_meta` member of modern requests that asks for log messages; empty: not asked.
  const std::string& log_meta() const { return log_meta_; }

  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override;
  /// Only notifications/message; at most kServerLogLines a minute reach the log.
  void on_notification(std::string_view method, std::string_view params) override;

 private:
  bool admit_line();

  std::string name_;
  std::string roots_result_;
  std::string log_level_;
  std::string log_meta_;
  Logger& log_;
  const Clock& clock_;
  mcp::ClientCapabilities capabilities_;
  SteadyTime minute_{};
  int lines_ = 0;
};

/// One request's view of the attendant: asks the request's own interaction first, passes its
/// notifications on. Lives in the frame of the call.
class CallAttendant final : public mcp_client::Interaction, public mcp::NotificationSink {
 public:
  CallAttendant(Attendant& attendant, const mcp::Request& request,
                mcp_client::Interaction* interaction);

  const mcp::ClientCapabilities& capabilities() const override { return capabilities_; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override;
  bool relays_input_required() const override {
    return interaction_ == nullptr || interaction_->relays_input_required();
  }
  /// Roots, where the requester has none itself.
  bool keeps(std::string_view method) const override;
  void on_notification(std::string_view method, std::string_view params) override;

 private:
  bool own_roots_;
  Attendant& attendant_;
  mcp_client::Interaction* interaction_;
  mcp::NotificationSink* sink_;
  mcp::ClientCapabilities capabilities_;
};

}  // namespace gatehouse::upstream
