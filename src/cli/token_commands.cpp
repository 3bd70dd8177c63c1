// gatehouse token create|list|revoke: what agents show to `gatehouse serve`. A token is printed
// once, at its creation, on standard output.
#include <fmt/format.h>

#include <charconv>

#include "cli/connections.hpp"
#include "cli/nearest.hpp"
#include "cli/table.hpp"
#include "identity/agent_token.hpp"
#include "identity/decision.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;

std::string_view state_word(identity::TokenState state) {
  switch (state) {
    case identity::TokenState::active:
      return "active";
    case identity::TokenState::expired:
      return "expired";
    case identity::TokenState::revoked:
      return "revoked";
  }
  return "revoked";
}

Result<std::string> parse_scope(const std::string& word) {
  if (word == "read" || word == identity::kReadScope) return std::string(identity::kReadScope);
  if (word == "write" || word == identity::kWriteScope) return std::string(identity::kWriteScope);
  return fail(Errc::invalid_argument, fmt::format("there is no scope {}", quote_remote(word, 60)),
              "--scope read or write");
}

// "30d", "12h", "45m".
Result<std::chrono::milliseconds> parse_life(const std::string& text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && count > 0 && count <= 100'000) {
    if (unit == "d") return std::chrono::milliseconds(24h) * count;
    if (unit == "h") return std::chrono::milliseconds(1h) * count;
    if (unit == "m") return std::chrono::milliseconds(1min) * count;
  }
  return fail(Errc::invalid_argument, "--expires takes a time such as 30d, 12h or 45m");
}

JsonObject token_json(const vault::AgentToken& token, SystemTime now) {
  JsonObject json;
  json.text("id", token.id.value).text("name", token.name).texts("scopes", token.scopes);
  json.text("state", state_word(identity::judge(token, now)));
  json.time("created_at", token.created_at).time("expires_at", token.expires_at);
  json.time("revoked_at", token.revoked_at);
  return json;
}

class TokenCreateCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "token create";
    spec.summary = "Make a token for an agent; it is shown once";
    spec.details = R"(Examples:
  gatehouse token create laptop-agent
  gatehouse token create ci --scope read --expires 30d)";
    spec.arguments = {
        {"name", "A name for lists and audit", &name_, Argument::Presence::required},
        {"--scope", "read (search and read-only tools) or write (every tool, the default)",
         &scopes_},
        {"--expires", "Life of the token: 30d, 12h, 45m; it has no end when left out", &expires_},
        {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    const SystemTime now = services.clock.now();
    identity::AgentTokenOrder order;
    order.organization = organization_of(services);
    order.member = local_member();
    order.name = name_;
    for (const std::string& word : scopes_) {
      Result<std::string> scope = parse_scope(word);
      if (!scope) co_return std::unexpected(scope.error());
      order.scopes.push_back(std::move(*scope));
    }
    if (order.scopes.empty()) order.scopes.emplace_back(identity::kWriteScope);
    if (!expires_.empty()) {
      const Result<std::chrono::milliseconds> life = parse_life(expires_);
      if (!life) co_return std::unexpected(life.error());
      order.expires_at = now + *life;
    }
    Result<identity::IssuedAgentToken> issued =
        co_await identity::issue_agent_token(services.store.agent_tokens(), std::move(order), now);
    if (!issued) co_return std::unexpected(issued.error());
    const std::string text(issued->token.reveal());
    if (json_) {
      services.terminal.print(token_json(issued->record, now).text("token", text).str() + "\n");
    } else {
      services.terminal.note("This token is shown once. Agents send it as Authorization: Bearer …");
      services.terminal.print(text + "\n");
    }
    co_return Exit::done;
  }

 private:
  std::string name_;
  std::vector<std::string> scopes_;
  std::string expires_;
  bool json_ = false;
};

class TokenListCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "token list";
    spec.summary = "List the tokens of agents; never the tokens themselves";
    spec.details = "Examples:\n  gatehouse token list\n  gatehouse token list --json";
    spec.arguments = {{"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<std::vector<vault::AgentToken>> tokens =
        co_await services.store.agent_tokens().list(organization_of(services));
    if (!tokens) co_return std::unexpected(tokens.error());
    const SystemTime now = services.clock.now();
    Table table({"NAME", "STATE", "SCOPES", "MADE", "EXPIRES", "ID"});
    std::vector<std::string> rows;
    for (const vault::AgentToken& token : *tokens) {
      rows.push_back(token_json(token, now).str());
      table.add_row({token.name, std::string(state_word(identity::judge(token, now))),
                     fmt::format("{}", fmt::join(token.scopes, " ")), ago(token.created_at, now),
                     token.expires_at ? to_rfc3339(*token.expires_at) : "never", token.id.value});
    }
    if (json_) {
      services.terminal.print(JsonObject().raw("tokens", json_array(rows)).str() + "\n");
    } else if (table.empty()) {
      services.terminal.note("No tokens yet: gatehouse token create NAME");
    } else {
      services.terminal.print(table.to_text());
    }
    co_return Exit::done;
  }

 private:
  bool json_ = false;
};

class TokenRevokeCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "token revoke";
    spec.summary = "End a token";
    spec.details =
        "Examples:\n  gatehouse token revoke laptop-agent\n  gatehouse token revoke tok_…";
    spec.arguments = {{"token", "Its name, when only one active token has it, or its id", &which_,
                       Argument::Presence::required},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<std::vector<vault::AgentToken>> tokens =
        co_await services.store.agent_tokens().list(organization_of(services));
    if (!tokens) co_return std::unexpected(tokens.error());
    const SystemTime now = services.clock.now();
    Result<vault::AgentToken> token = find(*tokens, now);
    if (!token) co_return std::unexpected(token.error());
    Result<void> revoked =
        co_await services.store.agent_tokens().revoke(token->organization, token->id, now);
    if (!revoked) co_return std::unexpected(revoked.error());
    if (!token->revoked_at) token->revoked_at = now;
    if (json_) {
      services.terminal.print(token_json(*token, now).str() + "\n");
    } else {
      services.terminal.note(fmt::format("Revoked {}.", token->name));
    }
    co_return Exit::done;
  }

 private:
  Result<vault::AgentToken> find(const std::vector<vault::AgentToken>& tokens,
                                 SystemTime now) const {
    std::vector<vault::AgentToken> named;
    std::vector<std::string> words;
    for (const vault::AgentToken& token : tokens) {
      if (token.id.value == which_) return token;
      words.push_back(token.name);
      if (token.name == which_ && identity::judge(token, now) == identity::TokenState::active)
        named.push_back(token);
    }
    if (named.size() == 1) return named.front();
    if (named.size() > 1) {
      return fail(Errc::invalid_argument,
                  fmt::format("{} active tokens are named {}", named.size(), which_),
                  "name one by its id: gatehouse token list");
    }
    return fail(Errc::not_found,
                fmt::format("there is no active token {}.{}", quote_remote(which_, 60),
                            suggestion(which_, words)),
                "gatehouse token list");
  }

  std::string which_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_token_create_command() {
  return std::make_unique<TokenCreateCommand>();
}
CommandPtr make_token_list_command() {
  return std::make_unique<TokenListCommand>();
}
CommandPtr make_token_revoke_command() {
  return std::make_unique<TokenRevokeCommand>();
}

}  // namespace gatehouse::cli
