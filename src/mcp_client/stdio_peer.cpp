#include "mcp_client/stdio_peer.hpp"

#include "mcp_client/outgoing.hpp"

namespace gatehouse::mcp_client {

StdioPeer::StdioPeer(std::shared_ptr<MessageLink> link, ServerInfo info)
    : link_(std::move(link)),
      info_(std::move(info)),
      client_info_(make_client_info(link_->settings().client)),
      following_(link_->parts().tasks.executor()) {}

StdioPeer::~StdioPeer() {
  if (listening_) listening_->stop();
  link_->close_later();
}

Task<> StdioPeer::close() {
  if (listening_) listening_->stop();
  co_await link_->close();
}

Task<Result<Followed>> StdioPeer::follow(mcp::Interest interest) {
  if (info_.era == mcp::Era::legacy) {
    co_return co_await following_.follow(*this, std::move(interest));
  }
  if (!listening_) {
    if (interest.empty()) co_return Followed(std::move(interest));
    listening_ = std::make_shared<LinkListening>(link_, info_.protocol_version);
  }
  const std::shared_ptr<LinkListening> listening = listening_;
  co_return co_await listening->follow(std::move(interest));
}

Task<Result<mcp::Answer>> StdioPeer::request(mcp::Request request, Interaction* interaction) {
  if (request.cancel != nullptr && request.cancel->cancelled()) {
    co_return fail(Errc::cancelled, "the request was cancelled");
  }
  if (info_.era == mcp::Era::modern) co_return co_await run_rounds(*this, request, interaction);
  const std::int64_t id = link_->next_id();
  Outgoing out = make_legacy_body(request, id);
  auto answered = co_await link_->call(id, std::move(out.body), request, interaction);
  if (!answered) co_return std::unexpected(answered.error());
  co_return std::move(answered->answer);
}

Task<Result<Answered>> StdioPeer::exchange(const mcp::Request& request,
                                           std::string_view capabilities,
                                           std::string_view extra_members) {
  const std::int64_t id = link_->next_id();
  Outgoing out = make_modern_body(request, id, info_.protocol_version, client_info_, capabilities,
                                  extra_members);
  co_return co_await link_->call(id, std::move(out.body), request, nullptr);
}

}  // namespace gatehouse::mcp_client
