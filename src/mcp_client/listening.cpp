#include "mcp_client/listening.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "base/random.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/listen_filter.hpp"
#include "mcp/versions.hpp"
#include "mcp_client/legacy_session.hpp"
#include "mcp_client/listen_retry.hpp"

namespace gatehouse::mcp_client {
namespace {

using namespace std::chrono_literals;

constexpr auto kAcknowledgement = 10s;  // longer than any server needs that means to send one
constexpr std::string_view kAcknowledged = "notifications/subscriptions/acknowledged";
constexpr std::string_view kTasksCapability =
    R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})";

double jitter() {
  return static_cast<double>(static_cast<unsigned char>(random_bytes(1).front())) / 255.;
}

void append_member(std::string& out, const jsonrpc::RawMember& member, std::string_view value) {
  if (out.size() > 1) out += ',';
  out.append("\"").append(member.raw_key).append("\":").append(value);
}

/// The params without the subscriptionId, which is ours and nobody else's (G-10).
std::string without_subscription(const jsonrpc::Message& message) {
  std::string meta = "{";
  for (const jsonrpc::RawMember& member : message.meta) {
    if (jsonrpc::unescape(member.raw_key) == mcp::kMetaSubscriptionId) continue;
    append_member(meta, member, member.value);
  }
  meta += '}';
  std::string out = "{";
  for (const jsonrpc::RawMember& member : message.members) {
    if (jsonrpc::unescape(member.raw_key) != "_meta") {
      append_member(out, member, member.value);
    } else if (meta.size() > 2) {
      append_member(out, member, meta);
    }
  }
  return out + "}";
}

}  // namespace

Outgoing Listening::make_body(const Stream& stream, std::int64_t id, std::string_view version,
                              std::string_view client_info) {
  const std::string filter = "\"notifications\":" + mcp::make_listen_filter(stream.wanted);
  mcp::Request request;
  request.method = "subscriptions/listen";
  request.params = {filter};
  const std::string_view capabilities = stream.wanted.task_ids.empty() ? "{}" : kTasksCapability;
  return make_modern_body(request, id, version, client_info, capabilities);
}

Listening::Ended Listening::judge(const mcp::RpcError& error) {
  // Other codes may be an accident of the moment.
  const bool for_good = error.code == jsonrpc::kMethodNotFound ||
                        error.code == jsonrpc::kInvalidParams ||
                        error.code == jsonrpc::kInvalidRequest || mcp::is_modern_error(error.code);
  return {for_good ? Ended::How::unsupported : Ended::How::broken,
          Error{Errc::unsupported,
                fmt::format("the server refuses subscriptions/listen with error {}: {}", error.code,
                            quote_remote(error.message)),
                {}},
          {}};
}

void Listening::on_message(Stream& stream, const jsonrpc::Message& message) {
  if (message.method == kAcknowledged) {
    const std::string_view raw = message.member("notifications");
    const auto honoured = mcp::parse_listen_filter(raw.empty() ? "{}" : raw);
    if (!honoured) {
      parts_.log.warn("mcp_listen_unreadable", {{"reason", honoured.error().detail}});
      return;
    }
    stream.granted = mcp::intersect(stream.wanted, *honoured);
    stream.granted_at = parts_.clock.steady_now();
    if (!stream.first) stream.first.emplace(Followed(*stream.granted));
    stream.changed.notify_all();
    if (std::exchange(stream.told, true)) tell_changed(*stream.granted);
    return;
  }
  const std::string params = without_subscription(message);
  if (sink_ != nullptr && mcp::hears(stream.wanted, message.method, params)) {
    sink_->on_notification(message.method, params);
  }
}

void Listening::tell_changed(const mcp::Interest& granted) {
  if (sink_ == nullptr) return;
  if (granted.tools) sink_->on_notification("notifications/tools/list_changed", "{}");
  if (granted.prompts) sink_->on_notification("notifications/prompts/list_changed", "{}");
  if (granted.resources) sink_->on_notification("notifications/resources/list_changed", "{}");
  for (const std::string& uri : granted.resource_uris) {
    sink_->on_notification("notifications/resources/updated",
                           "{\"uri\":" + jsonrpc::quote(uri) + "}");
  }
}

Task<> Listening::run(std::shared_ptr<Listening> self, std::shared_ptr<Stream> stream) {
  ListenRetry retry;
  while (!stream->cancel.cancelled()) {
    const Ended ended = co_await self->attend(stream);
    const SteadyTime now = self->parts_.clock.steady_now();
    const auto held =
        stream->granted
            ? std::chrono::duration_cast<std::chrono::milliseconds>(now - stream->granted_at)
            : 0ms;
    stream->granted.reset();
    if (stream->cancel.cancelled()) co_return;
    const bool was_first = !stream->first;
    if (was_first) {
      if (ended.how == Ended::How::refused) stream->first.emplace(Followed(*ended.refusal));
      if (ended.how == Ended::How::unsupported) stream->first.emplace(Followed(mcp::Interest{}));
      if (ended.how == Ended::How::broken) {
        const Error none{Errc::protocol, "the server did not acknowledge the subscription", {}};
        stream->first.emplace(std::unexpected(ended.error.value_or(none)));
      }
      stream->changed.notify_all();
    }
    if (ended.how == Ended::How::unsupported) {
      self->parts_.log.info("mcp_listen_unsupported", {{"reason", ended.error->detail}});
      co_return;
    }
    // The caller has to get a credential first.
    if (was_first && ended.how == Ended::How::refused) co_return;
    if (!co_await pause(retry.on_end(held, jitter()), &stream->cancel)) co_return;
  }
}

Task<Result<bool>> Listening::until_answered(std::shared_ptr<Stream> stream) {
  while (!stream->first && !stream->cancel.cancelled()) co_await stream->changed.wait();
  co_return true;
}

Task<Result<Followed>> Listening::follow(mcp::Interest interest) {
  interest.log_level.clear();  // each request asks for its own (F-9)
  if (interest.empty()) {
    stop();
    co_return Followed(std::move(interest));
  }
  if (current_ && current_->wanted == interest && current_->granted) {
    co_return Followed(*current_->granted);
  }
  const auto stream = std::make_shared<Stream>(parts_.tasks.executor(), std::move(interest));
  const std::shared_ptr<Stream> before = std::exchange(current_, stream);
  parts_.tasks.spawn("mcp_listen", run(shared_from_this(), stream));
  const auto waited = co_await with_timeout<bool>(kAcknowledgement, until_answered(stream),
                                                  "acknowledging the subscription");
  if (before) before->cancel.cancel();
  if (stream->first) co_return *stream->first;
  if (!waited) co_return std::unexpected(waited.error());
  co_return fail(Errc::cancelled, "the subscription was replaced by another");
}

void Listening::stop() {
  if (!current_) return;
  current_->cancel.cancel();
  current_->changed.notify_all();
  current_.reset();
}

}  // namespace gatehouse::mcp_client
