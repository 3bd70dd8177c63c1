// HttpListening: subscriptions/listen over Streamable HTTP of 2026-07-28: the answer to one POST
// stays open. Made by ModernHttpPeer.
#pragma once

#include "mcp_client/http_endpoint.hpp"
#include "mcp_client/listening.hpp"

namespace gatehouse::mcp_client {

class HttpListening final : public Listening {
 public:
  HttpListening(HttpTarget target, Parts parts, std::string version);

 private:
  Task<Ended> attend(std::shared_ptr<Stream> stream) override;
  Task<Ended> read(std::shared_ptr<Stream> stream, http::Reply reply, std::int64_t id);
  Ended on_body(const http::Reply& reply);

  HttpEndpoint endpoint_;
  std::string client_info_;
  std::string version_;
  std::int64_t next_id_;
};

}  // namespace gatehouse::mcp_client
