// HttpListener: one open subscriptions/listen over HTTP, as the service sees it. Private to
// mcp_server/.
#pragma once

#include <memory>

#include "mcp_server/event_stream.hpp"
#include "mcp_server/service.hpp"
#include "mcp_server/subscription.hpp"

namespace gatehouse::mcp_server {

class HttpListener final : public Follower {
 public:
  HttpListener(std::shared_ptr<const Caller> caller, Subscription subscription,
               std::shared_ptr<EventStream> stream)
      : caller_(std::move(caller)),
        subscription_(std::move(subscription)),
        stream_(std::move(stream)) {}

  const Caller& caller() const override { return *caller_; }
  mcp::Era era() const override { return mcp::Era::modern; }
  const mcp::Interest& interest() const override { return subscription_.interest(); }
  void post(std::string_view method, std::string_view params) override;
  void end() override;

  /// Acknowledges what was granted; what is posted before goes nowhere.
  void begin(mcp::Interest granted);
  EventStream& stream() { return *stream_; }

 private:
  std::shared_ptr<const Caller> caller_;
  Subscription subscription_;
  std::shared_ptr<EventStream> stream_;
};

}  // namespace gatehouse::mcp_server
