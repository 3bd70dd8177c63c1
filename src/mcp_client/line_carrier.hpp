// LineCarrier: a LineChannel as the carrier of a MessageLink. Made by open_stdio().
#pragma once

#include <memory>
#include <string>

#include "jsonrpc/line_channel.hpp"
#include "mcp_client/message_link.hpp"

namespace gatehouse::mcp_client {

class LineCarrier final : public Carrier {
 public:
  /// `name` is the command's, for messages.
  LineCarrier(std::unique_ptr<jsonrpc::LineChannel> channel, std::string name)
      : channel_(std::move(channel)), name_(std::move(name)) {}

  Task<Result<std::optional<mcp::HttpRefusal>>> send(std::string message) override;
  Task<Result<std::optional<std::string>>> receive() override { return channel_->read_line(); }
  Task<> close() override { return channel_->close(); }
  std::string epitaph() const override { return channel_->epitaph(); }

 private:
  std::unique_ptr<jsonrpc::LineChannel> channel_;
  std::string name_;
};

}  // namespace gatehouse::mcp_client
