// gatehouse edit: changes what is given and nothing else. A change of who the server is or how one
// signs in (URL, client, authorization server, key instead of sign-in) ends the logins, after a
// yes.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "cli/add_plan.hpp"
#include "cli/connections.hpp"
#include "cli/edit_options.hpp"
#include "cli/file_notes.hpp"
#include "cli/requirements.hpp"
#include "cli/sign_out.hpp"
#include "cli/table.hpp"
#include "http/url.hpp"

namespace gatehouse::cli {
namespace {

/// What the edit comes to, for the question and the report.
struct Changes {
  std::vector<std::string> names;     ///< of the settings that changed
  std::vector<std::string> identity;  ///< those of them that end the logins
  bool none() const { return names.empty(); }
};

bool same_secrets(const std::vector<vault::NamedSecret>& a,
                  const std::vector<vault::NamedSecret>& b) {
  return std::ranges::equal(a, b, [](const vault::NamedSecret& x, const vault::NamedSecret& y) {
    return x.name == y.name && x.reference == y.reference && x.value.reveal() == y.value.reveal();
  });
}

Changes compare(const vault::Connection& before, const vault::Connection& after) {
  Changes changes;
  const auto note = [&](bool changed, const char* name, bool identity = false) {
    if (!changed) return;
    changes.names.emplace_back(name);
    if (identity) changes.identity.emplace_back(name);
  };
  note(before.url != after.url, "url", true);
  note(before.oauth.client_id != after.oauth.client_id, "client id", true);
  note(before.oauth.issuer != after.oauth.issuer, "issuer", true);
  const bool key_before = before.auth == vault::AuthKind::headers;
  const bool key_after = after.auth == vault::AuthKind::headers;
  note(key_before != key_after, "way to sign in", true);
  note(before.command != after.command, "command");
  note(before.directory != after.directory, "directory");
  note(!same_secrets(before.headers, after.headers), "headers");
  note(!same_secrets(before.environment, after.environment), "environment");
  note(before.oauth.client_secret.reveal() != after.oauth.client_secret.reveal(), "client secret");
  note(before.oauth.private_key_reference != after.oauth.private_key_reference ||
           before.oauth.signing_algorithm != after.oauth.signing_algorithm ||
           before.oauth.key_id != after.oauth.key_id,
       "private key");
  note(before.oauth.dpop != after.oauth.dpop, "dpop");
  note(before.oauth.scopes != after.oauth.scopes, "scopes");
  note(before.oauth.redirect_port != after.oauth.redirect_port ||
           before.oauth.redirect_path != after.oauth.redirect_path ||
           before.oauth.redirect_uri != after.oauth.redirect_uri,
       "redirect URI");
  note(before.allowances != after.allowances, "allowed addresses");
  note(!(before.options == after.options), "settings");
  return changes;
}

class EditCommand final : public Command {
 public:
  CommandSpec spec() override { return edit_spec(options_); }

  Task<Result<Exit>> run(Services& services) override {
    Result<vault::Connection> before = co_await require_connection(services, options_.name());
    if (!before) co_return std::unexpected(before.error());
    if (const Result<void> own = require_own(services, *before, "edited"); !own)
      co_return std::unexpected(own.error());
    vault::Connection after = *before;
    const Result<void> applied = co_await apply_edit(services, options_, after);
    if (!applied) co_return std::unexpected(as_usage(applied.error()));
    const bool moved = before->url != after.url;
    if (moved && !options_.no_check) {
      const Result<void> looked = co_await look(services, after);
      if (!looked) co_return std::unexpected(looked.error());
    }
    if (!moved || options_.no_check) add_allowances(after);
    const Changes changes = compare(*before, after);
    if (changes.none()) {
      if (!options_.json()) services.terminal.note("Nothing is different.");
      co_return report(services.terminal, changes, {});
    }
    std::vector<SignedOut> ended;
    if (!changes.identity.empty()) {
      const Result<void> readable = co_await try_references(services, *before, after);
      if (!readable) co_return std::unexpected(readable.error());
      Result<bool> agreed = co_await may_end_logins(services, *before, changes);
      if (!agreed) co_return std::unexpected(agreed.error());
      if (!*agreed) co_return Exit::failed;
    }
    Result<vault::Connection> stored = co_await services.store.connections().update(after);
    if (!stored) co_return std::unexpected(lost_race(stored.error()));
    services.upstreams.reset(stored->id);
    if (!changes.identity.empty()) {
      // With the old settings, for that is where the tokens are known; they fit no request any
      // more.
      Result<std::vector<SignedOut>> out = co_await sign_out(services, *before);
      if (!out) co_return std::unexpected(out.error());
      ended = std::move(*out);
    }
    if (Result<void> fresh = co_await start_over(services, *stored, changes, moved); !fresh)
      co_return std::unexpected(fresh.error());
    co_return report(services.terminal, changes, ended);
  }

 private:
  // What the new address wants, with the person's consent to reach it.
  Task<Result<void>> look(Services& services, vault::Connection& after) {
    after.allowances.clear();  // they named the old addresses
    Result<oauth_client::Discovery> found =
        co_await find_requirements(services, after, after.oauth.issuer, options_.flags.consent());
    if (!found) co_return std::unexpected(found.error());
    if (!found->problem || may_go_on(*found, after)) co_return Result<void>{};
    Error problem = *found->problem;
    problem.hint = (problem.hint.empty() ? "" : problem.hint + "; ") +
                   std::string("--no-check stores it without asking the server");
    co_return std::unexpected(problem);
  }

  // The origins that were said yes to. That of the server may be its own authorization server; any
  // other one can only be that.
  void add_allowances(vault::Connection& after) const {
    const Result<http::Url> url = http::Url::parse(after.url);
    std::vector<std::string> origins = options_.flags.allowed_origins;
    if (options_.flags.allow_loopback && url && url->names_loopback())
      origins.push_back(url->origin());
    const auto add = [&](const std::string& origin, http::Purpose purpose) {
      const http::Allowance wanted{origin, purpose};
      if (std::ranges::find(after.allowances, wanted) == after.allowances.end())
        after.allowances.push_back(wanted);
    };
    for (const std::string& origin : origins) {
      if (url && url->origin() == origin) add(origin, http::Purpose::connection);
      add(origin, http::Purpose::authorization_server);
    }
  }

  // Logins must not end for a command or keyring entry that gives nothing. What comes from the
  // environment, a file or as a key was read already.
  static Task<Result<void>> try_references(Services& services, vault::Connection before,
                                           vault::Connection after) {
    for (const vault::NamedSecret& header : after.headers) {
      const auto same = [&](const vault::NamedSecret& one) {
        return one.reference == header.reference;
      };
      if (header.reference.empty() || std::ranges::any_of(before.headers, same)) continue;
      const Result<Secret> value = co_await services.read_secret(header.reference);
      if (value) continue;
      co_return fail(Errc::invalid_argument,
                     fmt::format("header {}: {}", header.name, value.error().detail),
                     value.error().hint);
    }
    co_return Result<void>{};
  }

  Task<Result<bool>> may_end_logins(Services& services, const vault::Connection& before,
                                    const Changes& changes) {
    Result<std::vector<vault::CredentialKey>> keys =
        co_await services.store.credentials().list(before.organization, before.id);
    if (!keys) co_return std::unexpected(keys.error());
    if (keys->empty() || options_.flags.yes) co_return true;
    services.terminal.note(fmt::format(
        "A new {} ends {} of {}: the tokens here are deleted and revoked where the provider can, "
        "and somebody must sign in again. Name, other settings and agents' tokens stay.",
        fmt::join(changes.identity, ", "),
        keys->size() == 1 ? "the login" : fmt::format("{} logins", keys->size()), before.name));
    Result<Answer> sure = co_await confirm(
        services.terminal, keys->size() == 1 ? "End it and go on?" : "End them and go on?",
        Answer::no, "--yes");
    if (!sure) co_return std::unexpected(sure.error());
    co_return *sure == Answer::yes;
  }

  Error lost_race(Error error) const {
    if (error.code == Errc::conflict)
      error.hint = "somebody else changed it meanwhile: look at it, then try again";
    return error;
  }

  // State and tools of the old server say nothing about the new one.
  static Task<Result<void>> start_over(Services& services, const vault::Connection& stored,
                                       const Changes& changes, bool moved) {
    vault::ConnectionStore& store = services.store.connections();
    const bool other_server =
        moved || std::ranges::find(changes.names, "command") != changes.names.end();
    if (!other_server && changes.identity.empty()) co_return Result<void>{};
    vault::ConnectionState state;
    if (stored.auth == vault::AuthKind::oauth) {
      state.health = vault::Health::sign_in_required;
      state.detail = "nobody is signed in since it was changed";
      state.hint = "gatehouse login " + stored.name;
    }
    Result<void> saved = co_await store.save_state(stored.organization, stored.id, state);
    if (!saved || !other_server) co_return saved;
    co_return co_await store.erase_catalog(stored.organization, stored.id);
  }

  Exit report(Terminal& terminal, const Changes& changes, const std::vector<SignedOut>& ended) {
    const std::string& name = options_.name();
    if (options_.json()) {
      std::vector<std::string> logins;
      for (const SignedOut& one : ended) logins.push_back(to_json(one).str());
      terminal.print(JsonObject()
                         .text("name", name)
                         .texts("changed", changes.names)
                         .raw("ended_logins", json_array(logins))
                         .str() +
                     "\n");
      return Exit::done;
    }
    for (const SignedOut& one : ended) tell(terminal, one);
    if (changes.none()) return Exit::done;
    terminal.note(fmt::format("Changed {}: {}.", name, fmt::join(changes.names, ", ")));
    const auto changed = [&](const char* what) {
      return std::ranges::find(changes.names, what) != changes.names.end();
    };
    if (!ended.empty()) {
      terminal.note(fmt::format("To sign in again: gatehouse login {}", name));
    } else if (changed("scopes") || changed("client secret") || changed("dpop") ||
               changed("redirect URI")) {
      terminal.note(fmt::format("It counts from the next sign-in on: gatehouse login {}", name));
    } else {
      terminal.note(fmt::format("To see whether it works: gatehouse test {}", name));
    }
    return Exit::done;
  }

  EditOptions options_;
};

}  // namespace

CommandPtr make_edit_command() {
  return std::make_unique<EditCommand>();
}

}  // namespace gatehouse::cli
