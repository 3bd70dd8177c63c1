#include "mcp_client/line_carrier.hpp"

#include <fmt/format.h>

namespace gatehouse::mcp_client {

Task<Result<std::optional<mcp::HttpRefusal>>> LineCarrier::send(std::string message) {
  std::string line;
  if (jsonrpc::drop_line_breaks(message, line)) message = std::move(line);
  const auto sent = co_await channel_->write_line(message);
  if (sent) co_return std::nullopt;
  if (sent.error().code != Errc::unavailable) co_return std::unexpected(sent.error());
  co_return fail(Errc::unavailable, obituary_of(name_, channel_->epitaph()));
}

}  // namespace gatehouse::mcp_client
