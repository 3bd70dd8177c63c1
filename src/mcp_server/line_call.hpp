// LineCall: one request over a line channel, as the service sees it. Private to mcp_server/.
#pragma once

#include "mcp_server/line_server.hpp"

namespace gatehouse::mcp_server {

/// One request over the channel; registered until destroyed.
class LineCall final : public RequestView {
 public:
  LineCall(LineServer& server, RunningCalls& calls, std::string request_id,
           std::shared_ptr<const Caller> caller, std::string_view version, jsonrpc::Message message,
           const mcp::ClientCapabilities* capabilities, const LogFloor* floor)
      : RequestView(std::move(caller),
                    capabilities == nullptr ? mcp::Era::modern : mcp::Era::legacy, version,
                    std::move(message), capabilities, floor),
        server_(server),
        calls_(calls),
        cancel_(std::make_shared<CancelSource>()),
        request_id_(std::move(request_id)) {
    calls_.add(id(), cancel_);
  }
  ~LineCall() override { calls_.remove(cancel_.get()); }
  LineCall(const LineCall&) = delete;
  LineCall& operator=(const LineCall&) = delete;

  std::string_view request_id() const override { return request_id_; }
  Task<gatehouse::Result<void>> notify(std::string_view method, std::string_view params) override {
    if (!admits(method, params)) co_return gatehouse::Result<void>{};
    const std::string message = jsonrpc::make_notification(method, params);
    co_return co_await server_.write(message);
  }
  void post(std::string_view method, std::string_view params) override {
    if (admits(method, params)) server_.write_later(jsonrpc::make_notification(method, params));
  }
  bool can_ask() const override { return era() == mcp::Era::legacy; }
  Task<gatehouse::Result<std::string>> ask(std::string_view method,
                                           std::string_view params) override {
    if (!can_ask() || !may_be_asked(method, params, server_.settings().asks)) {
      co_return fail(Errc::unsupported, "this client cannot be asked");
    }
    co_return co_await server_.ask(method, params, *cancel_);
  }
  CancelSource& cancelled() override { return *cancel_; }

 private:
  LineServer& server_;
  RunningCalls& calls_;
  std::shared_ptr<CancelSource> cancel_;
  std::string request_id_;
};

}  // namespace gatehouse::mcp_server
