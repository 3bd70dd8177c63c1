#include "net/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "net/http_client_head.hpp"
#include "net/http_client_stream.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kTargets = 256;  // parsed URLs kept; then the cache starts anew
constexpr std::size_t kTargetBytes = 8192;

bool is_repeatable(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

AddressGuard::Loopback loopback_mode(const ClientConfig& config) {
  return config.dangerously_allow_http_loopback ? AddressGuard::Loopback::dangerously_open
                                                : AddressGuard::Loopback::guarded;
}

/// The failure of an exchange that the limit ended: whether the request may have been carried out
/// decides between timeout and outcome_unknown.
Error limit_error(const CallLimit& limit, const http::SendOptions& options, bool unknown) {
  if (limit.reason() == CallLimit::Reason::cancelled)
    return {Errc::cancelled, "the request was cancelled", {}};
  return {unknown ? Errc::outcome_unknown : Errc::timeout,
          fmt::format("no complete answer within {} ms", options.timeout.count()),
          {}};
}

Connector::Parts fill(Executor executor, Workers& workers, Logger& logger, DeadlineWheel& wheel,
                      GuardedClient::Parts& parts) {
  Connector::Parts filled{std::move(parts.resolver), std::move(parts.dialer)};
  if (!filled.resolver) filled.resolver = make_system_resolver(executor, workers, logger, wheel);
  if (!filled.dialer) filled.dialer = make_dialer(executor, wheel);
  return filled;
}

}  // namespace

GuardedClient::GuardedClient(Executor executor, Workers& workers, Logger& logger,
                             ClientConfig config, Parts parts)
    : shared_(executor),
      logger_(logger),
      config_(std::move(config)),
      guard_(loopback_mode(config_)),
      proxies_(ProxyRules::make(config_.proxy)),
      connector_(shared_, guard_, fill(executor, workers, logger, shared_.wheel, parts),
                 config_.extra_ca_file, proxies_ ? *proxies_ : no_proxies_),
      pool_(executor, parts.pool) {}

Result<GuardedClient::TargetPtr> GuardedClient::find_target(std::string_view text) {
  if (const auto known = targets_.find(text); known != targets_.end()) return known->second;
  if (text.size() > kTargetBytes) return fail(Errc::invalid_argument, "the URL is too long");
  Result<http::Url> url = http::Url::parse(text);
  if (!url) return std::unexpected(url.error());
  const auto target = std::make_shared<Target>();
  target->url = std::move(*url);
  target->origin = target->url.origin();
  target->authority = target->url.authority();
  target->request_target = target->url.target();
  if (!target->url.is_https()) target->absolute_form_proxy = proxies_->find(target->url);
  if (target->absolute_form_proxy != nullptr)
    target->request_target.insert(0, "http://" + target->authority);
  target->pool = pool_.origin(target->origin);
  const std::optional<IpAddress> literal = IpAddress::parse(target->url.host());
  const auto range = literal ? find_special_range(*literal) : std::nullopt;
  if (range && range->kind == RangeKind::never) target->forbidden = literal;
  if (targets_.size() >= kTargets) targets_.clear();
  targets_.emplace(text, target);
  return TargetPtr(target);
}

// The address before the scheme, for which an allowance would be suggested that opens nothing.
Result<void> GuardedClient::check(const Target& target, const Passage& passage) const {
  if (target.forbidden) {
    if (Result<void> checked = guard_.check_address(passage, *target.forbidden); !checked)
      return checked;
  }
  return guard_.check_scheme(passage);
}

Task<Result<http::Reply>> GuardedClient::send(http::Request request, http::SendOptions options) {
  // A broken proxy setting must not turn into direct connections.
  if (!proxies_) co_return std::unexpected(proxies_.error());
  CallLimit limit(shared_.wheel, options.timeout, options.cancel);
  limit.set_connect_timeout(options.connect_timeout);
  const bool follow = options.redirects == http::Redirects::follow && request.method == "GET";
  Result<TargetPtr> target = find_target(request.target);
  for (int hop = 0;; ++hop) {
    if (!target) co_return std::unexpected(target.error());
    Result<http::Reply> reply = co_await exchange(**target, request, options, limit);
    if (!reply || !follow || !is_redirect(reply->status)) co_return reply;
    const auto location = reply->headers.find("Location");
    if (!location) co_return reply;
    if (hop == limits::kRedirects) {
      co_return fail(Errc::too_large, fmt::format("more than {} redirects (kRedirects), last to {}",
                                                  limits::kRedirects, quote_remote(*location)));
    }
    const Result<http::Url> next = (*target)->url.resolve(*location);
    if (!next) co_return std::unexpected(next.error());
    if (next->origin() != (*target)->origin) {
      // Credentials and everything else that was meant for the first origin stays behind.
      http::Headers kept;
      for (const std::string_view accept : request.headers.find_all("Accept"))
        kept.add("Accept", accept);
      request.headers = std::move(kept);
    }
    target = find_target(next->text());
  }
}

Task<Result<std::vector<http::Leg>>> GuardedClient::trace(std::string url,
                                                          http::SendOptions options) {
  if (!proxies_) co_return std::unexpected(proxies_.error());
  CallLimit limit(shared_.wheel, options.timeout, options.cancel);
  const Result<TargetPtr> target = find_target(url);
  if (!target) co_return std::unexpected(target.error());
  const Passage passage = make_passage((*target)->url, (*target)->origin, options);
  if (Result<void> checked = check(**target, passage); !checked)
    co_return std::unexpected(checked.error());
  std::vector<http::Leg> legs;
  const auto connected = co_await connector_.connect((*target)->url, passage, limit, &legs);
  if (connected) (*connected)->close();
  co_return legs;
}

Result<void> GuardedClient::write_head(ClientConnection& connection, const Target& target,
                                       const http::Request& request,
                                       const http::SendOptions& options) const {
  HeadSpec spec;
  spec.target = target.request_target;
  spec.host = target.authority;
  spec.user_agent = config_.user_agent;
  // Documents may come compressed; calls and events must not wait for a compressor.
  const bool document = request.method == "GET" && !options.stream_events;
  spec.accept_encoding = document ? "gzip" : "identity";
  if (target.absolute_form_proxy != nullptr)
    spec.proxy_authorization = target.absolute_form_proxy->authorization.reveal();
  return write_request_head(request, spec, connection.head());
}

Task<Result<http::Reply>> GuardedClient::exchange(const Target& target,
                                                  const http::Request& request,
                                                  const http::SendOptions& options,
                                                  CallLimit& limit) {
  const Passage passage = make_passage(target.url, target.origin, options);
  if (Result<void> checked = check(target, passage); !checked)
    co_return std::unexpected(checked.error());
  const ClientConnection::Spec spec{.body = request.body,
                                    .is_head = request.method == "HEAD",
                                    .repeatable = is_repeatable(request.method),
                                    .stream_events = options.stream_events,
                                    .max_body = options.max_body};
  for (bool fresh = false;; fresh = true) {
    std::optional<ClientPool::Slot> slot;
    while (!limit.stopped() && !(slot = pool_.try_take(target.pool, guard_, passage)))
      co_await pool_.wait_for_slot(target.pool, limit);
    if (!slot) co_return std::unexpected(stop_error(limit, "the request to " + target.authority));
    if (fresh) slot->close();
    const bool reused = slot->connection != nullptr;
    if (!reused) {
      auto connected = co_await connector_.connect(target.url, passage, limit);
      if (!connected) co_return std::unexpected(connected.error());
      slot->connection = std::move(*connected);
    }
    ClientConnection& connection = *slot->connection;
    if (Result<void> written = write_head(connection, target, request, options); !written)
      co_return std::unexpected(written.error());
    struct Stop {
      ClientConnection& connection;
      bool unknown = false;
    } stop{connection};
    const CallLimit::Phase phase(limit, [&stop] {
      stop.unknown = stop.connection.may_have_arrived();
      stop.connection.abort();
    });
    connection.start(spec);
    co_await connection.done();
    if (limit.stopped())
      co_return std::unexpected(limit_error(limit, options, stop.unknown && !spec.repeatable));
    const auto& failure = connection.failure();
    if (!failure) co_return make_reply(std::move(*slot), target, options);
    if (!reused || !failure->may_retry) {
      Error error = failure->error;
      error.detail = target.authority + ": " + error.detail;
      co_return std::unexpected(std::move(error));
    }
    logger_.debug("http_stale_connection", {{"origin", target.origin}});
  }
}

http::Reply GuardedClient::make_reply(ClientPool::Slot slot, const Target& target,
                                      const http::SendOptions& options) {
  ResponseParser& answer = slot.connection->answer();
  http::Reply reply;
  reply.status = answer.status();
  reply.headers = std::move(answer.headers());
  reply.url = target.url.text();
  if (slot.connection->is_stream()) {
    reply.stream = make_body_stream(shared_, std::move(slot), options.cancel);
  } else {
    reply.body = std::move(answer.body());
  }
  return reply;
}

std::unique_ptr<http::Client> make_client(Executor executor, Workers& workers, Logger& logger,
                                          ClientConfig config) {
  return std::make_unique<GuardedClient>(executor, workers, logger, std::move(config),
                                         GuardedClient::Parts{});
}

}  // namespace gatehouse::net
