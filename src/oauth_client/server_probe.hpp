// What one discovery has at hand, and its requests to the MCP server without credentials. Used by
// discovery.cpp only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/url.hpp"
#include "oauth/challenge.hpp"
#include "oauth_client/discovery.hpp"

namespace gatehouse::oauth_client {

/// The state of one discovery; lives in the coroutine frame of discover().
struct Search {
  DiscoveryRequest request;
  http::Url server;
  http::Client& client;
  Discovery found;
  std::vector<oauth::Challenge> challenges;
  bool challenged = false;
  bool open = false;        ///< listed its tools without credentials
  bool reached = false;     ///< some answer came
  bool old_stream = false;  ///< a GET opened an event stream
  int last_status = 0;      ///< of the last probe that was answered
  /// The first time-out or 5xx: harmless when another place answers, but nothing is guessed on it.
  std::optional<Error> doubt;
};

/// Tells the person of a request and what follows from it.
void note(Search& search, std::string url, int status, std::string conclusion);
/// The first one stands.
void set_problem(Search& search, Error error);
/// Sends one request; notes a failure, and what a person could allow.
Task<Result<http::Reply>> ask(Search& search, http::Request request, http::Purpose purpose,
                              http::Redirects redirects);
/// Challenges, or a list of tools for everybody: server/discover, `initialize`, and a GET as in
/// 2024-11-05, in this order.
Task<> probe_server(Search& search);

}  // namespace gatehouse::oauth_client
