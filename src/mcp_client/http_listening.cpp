#include "mcp_client/http_listening.hpp"

#include <fmt/format.h>

#include "mcp/error_codes.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/event_reader.hpp"
#include "mcp_client/incoming.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 1h;  // without a byte, not even a comment
// The calls of the same peer count from 1, and ids are unique among what is outstanding (B-1).
constexpr std::int64_t kFirstId = 1'000'000'000'000;

HttpTarget without_catalog(HttpTarget target) {
  target.find_input_schema = nullptr;  // it lives no longer than the peer
  return target;
}

}  // namespace

HttpListening::HttpListening(HttpTarget target, Parts parts, std::string version)
    : Listening(parts, target.notifications),
      endpoint_(without_catalog(std::move(target)), parts),
      client_info_(make_client_info(endpoint_.target().client)),
      version_(std::move(version)),
      next_id_(kFirstId) {}

Task<Listening::Ended> HttpListening::attend(std::shared_ptr<Stream> stream) {
  const std::int64_t id = next_id_++;
  Outgoing out = make_body(*stream, id, version_, client_info_);
  http::Headers headers;
  headers.add(mcp::kHeaderProtocolVersion, version_);
  headers.add(mcp::kHeaderMethod, "subscriptions/listen");
  auto reply = co_await endpoint_.post(std::move(out.body), std::move(headers),
                                       limits::kListTimeout, &stream->cancel);
  if (!reply) co_return Ended{Ended::How::broken, reply.error(), {}};
  if (auto refusal = refusal_of(*reply)) {
    co_return Ended{Ended::How::refused, {}, std::move(refusal)};
  }
  if (reply->stream) co_return co_await read(stream, std::move(*reply), id);
  co_return on_body(*reply);
}

Listening::Ended HttpListening::on_body(const http::Reply& reply) {
  if (const auto error = rpc_error_of(reply.body)) {
    const auto version = error->code == mcp::kUnsupportedProtocolVersion
                             ? mcp::choose_modern_version(supported_versions(*error))
                             : std::nullopt;
    if (!version || *version == version_) return judge(*error);
    version_ = *version;
    return {Ended::How::broken, Error{Errc::unsupported, "another protocol version", {}}, {}};
  }
  const Error error = status_error(reply.status, reply.body, endpoint_.target().url);
  const bool passing = reply.status >= 500 || reply.status == 429 || reply.status == 408;
  return {passing ? Ended::How::broken : Ended::How::unsupported, error, {}};
}

Task<Listening::Ended> HttpListening::read(std::shared_ptr<Stream> stream, http::Reply reply,
                                           std::int64_t id) {
  EventReader reader(std::move(reply.stream));
  while (!stream->cancel.cancelled()) {
    auto step = co_await reader.next(kIdle);
    if (!step) co_return Ended{Ended::How::broken, step.error(), {}};
    if (step->event && !step->event->data.empty()) {
      const auto message = jsonrpc::prove(step->event->data);
      if (!message) co_return Ended{Ended::How::broken, message.error(), {}};
      if (message->kind == jsonrpc::MessageKind::notification) {
        // Everything on this stream belongs to it, whatever it is labelled with.
        on_message(*stream, *message);
      } else if (message->kind == jsonrpc::MessageKind::error) {
        if (const auto error = rpc_error_of(step->event->data)) co_return judge(*error);
      } else if (is_id(message->id, id)) {
        co_return Ended{};  // the server ends it in order (L-3)
      }
    }
    if (step->ended) break;
  }
  co_return Ended{};
}

}  // namespace gatehouse::mcp_client
