#include "oauth_client/server_probe.hpp"

#include <fmt/format.h>

#include "oauth_client/probe.hpp"

namespace gatehouse::oauth_client {

using http::Purpose;

namespace {

constexpr auto kOptionalTimeout = std::chrono::seconds(3);

}  // namespace

void note(Search& search, std::string url, int status, std::string conclusion) {
  search.found.steps.push_back({std::move(url), status, std::move(conclusion)});
}

void set_problem(Search& search, Error error) {
  if (!search.found.problem) search.found.problem = std::move(error);
}

Task<Result<http::Reply>> ask(Search& search, http::Request request, Purpose purpose,
                              http::Redirects redirects) {
  const std::string url = request.target;
  http::SendOptions options{
      .purpose = purpose, .allowances = search.request.allowances, .redirects = redirects};
  // A server that lists its tools to everybody may still publish metadata, but need not: some
  // answer such a GET with a stream that never ends.
  if (search.open) options.timeout = kOptionalTimeout;
  Result<http::Reply> reply = co_await search.client.send(std::move(request), options);
  if (reply) {
    search.reached = true;
    co_return reply;
  }
  const Error& error = reply.error();
  note(search, url, 0, describe(error));
  if (error.code == Errc::blocked_address && !search.found.missing_allowance) {
    if (const auto parsed = http::Url::parse(url))
      search.found.missing_allowance = http::Allowance{parsed->origin(), purpose};
    set_problem(search, error);
  }
  if (!search.doubt) search.doubt = error;
  co_return reply;
}

namespace {

ProbeVerdict judge(Search& search, std::string_view what, const http::Reply& reply) {
  search.last_status = reply.status;
  const auto values = reply.headers.find_all("WWW-Authenticate");
  const ProbeVerdict verdict = judge_probe(reply.status, reply.body, values.size());
  std::string conclusion;
  switch (verdict) {
    case ProbeVerdict::challenged:
      search.challenged = true;
      search.challenges = oauth::parse_challenges(std::span<const std::string_view>(values));
      conclusion = fmt::format(
          "{} without credentials is refused; that alone does not say how to "
          "authenticate",
          what);
      break;
    case ProbeVerdict::open:
      conclusion = fmt::format("{} is answered without credentials", what);
      break;
    case ProbeVerdict::modern:
      conclusion = fmt::format("{} is refused by a server of 2026-07-28", what);
      break;
    case ProbeVerdict::refused:
      conclusion = fmt::format("{} is not answered in this form; proves nothing", what);
      break;
  }
  note(search, search.server.text(), reply.status, std::move(conclusion));
  return verdict;
}

/// One probe; `refused` also when there was no answer.
Task<ProbeVerdict> probe(Search& search, std::string_view what, http::Request request,
                         std::string* session = nullptr) {
  const auto reply =
      co_await ask(search, std::move(request), Purpose::connection, http::Redirects::none);
  if (!reply) {
    set_problem(search, reply.error());
    co_return ProbeVerdict::refused;
  }
  if (session != nullptr)
    *session = std::string(reply->headers.find("Mcp-Session-Id").value_or(""));
  co_return judge(search, what, *reply);
}

/// A legacy session just long enough to see whether tools are listed to strangers.
Task<ProbeVerdict> probe_legacy(Search& search) {
  const std::string url = search.server.text();
  std::string session;
  std::string_view version = kLegacyProbe;
  ProbeVerdict verdict =
      co_await probe(search, "initialize", make_initialize_probe(url, version), &session);
  if (verdict == ProbeVerdict::refused && search.last_status == 400) {
    // Some refuse a revision that they do not know, instead of naming their own.
    version = kOlderProbe;
    verdict = co_await probe(search, "initialize", make_initialize_probe(url, version), &session);
  }
  if (verdict != ProbeVerdict::open) co_return verdict;
  (void)co_await ask(search, make_session_probe(url, kInitializedBody, session, version),
                     Purpose::connection, http::Redirects::none);
  verdict = co_await probe(search, "tools/list",
                           make_session_probe(url, kListToolsBody, session, version));
  if (!session.empty()) {
    http::Request bye = make_session_probe(url, {}, session, version);
    bye.method = "DELETE";
    (void)co_await ask(search, std::move(bye), Purpose::connection, http::Redirects::none);
  }
  co_return verdict;
}

/// HTTP+SSE of 2024-11-05: POST is refused and a GET opens the event stream, or wants a sign-in.
Task<ProbeVerdict> probe_stream(Search& search) {
  const http::SendOptions options{.purpose = Purpose::connection,
                                  .allowances = search.request.allowances,
                                  .stream_events = true};
  const std::string url = search.server.text();
  const auto reply = co_await search.client.send(make_stream_probe(url), options);
  if (!reply) co_return ProbeVerdict::refused;
  if (!reply->stream || reply->status != 200) co_return judge(search, "GET", *reply);
  note(search, url, reply->status, "GET opens an event stream, as servers of 2024-11-05 do");
  search.old_stream = true;
  co_return ProbeVerdict::open;
}

}  // namespace

Task<> probe_server(Search& search) {
  const std::string url = search.server.text();
  ProbeVerdict verdict =
      co_await probe(search, "server/discover", make_modern_probe(url, "server/discover"));
  if (verdict == ProbeVerdict::modern) {
    // Some refuse the first request of a client to see whether it negotiates (V-2).
    verdict = co_await probe(search, "server/discover", make_modern_probe(url, "server/discover"));
  }
  if (verdict == ProbeVerdict::open) {
    // A public handshake is no proof: the challenge may come with the first real request.
    verdict = co_await probe(search, "tools/list", make_modern_probe(url, "tools/list"));
  } else if (verdict == ProbeVerdict::refused && search.reached) {
    verdict = co_await probe_legacy(search);
    const bool gone =
        search.last_status == 400 || search.last_status == 404 || search.last_status == 405;
    if (verdict == ProbeVerdict::refused && gone) verdict = co_await probe_stream(search);
  }
  search.open = verdict == ProbeVerdict::open;
}

}  // namespace gatehouse::oauth_client
