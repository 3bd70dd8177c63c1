// gatehouse export: connections, and with a passphrase their secrets and logins, as a file for
// another machine (archive/archive.hpp).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "archive/archive.hpp"
#include "async/timer.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "cli/connections.hpp"
#include "cli/passphrase_prompt.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kLeaseRetry = 200ms;
constexpr auto kMoveLease = 120s;  // the key is derived and the file written meanwhile

std::unexpected<Error> cannot(const char* what, const std::string& file) {
  return fail(Errc::storage,
              fmt::format("cannot {} {}: {}", what, printable(file), std::strerror(errno)));
}

/// A new file for its owner alone, durable when this returns: a login that was moved may exist
/// nowhere else.
Result<void> write_file(const std::string& file, const std::string& text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0 && errno == EEXIST)
    return fail(Errc::conflict, printable(file) + " exists already", "choose another name");
  if (out < 0) return cannot("create", file);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t count = ::write(out, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  const bool durable = rest.empty() && ::fsync(out) == 0;
  const int error = errno;
  ::close(out);
  if (durable) return {};
  ::unlink(file.c_str());
  errno = error;
  return cannot("write", file);
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

class ExportCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "export";
    spec.summary = "Write connections, and if wanted their logins, to a file for another machine";
    spec.details =
        R"(Without --logins the file holds no secret; references such as ${env:NAME} stay as they are.
With --logins it holds secrets and logins, encrypted under a passphrase.

Two machines that use one login can sign each other out, because many providers replace the
refresh token at each use. --move ends the logins here once the file is written, without telling
the provider, so that they go on there.

Examples:
  gatehouse export --output connections.json
  gatehouse export --logins --move --output gatehouse.json
  gatehouse export notion linear > some.json)";
    spec.arguments = {
        {"names", "Connections; all when left out", &names_},
        {"--output", "The file, made anew; standard output when left out", &output_},
        {"--logins", "With secrets and logins, under a passphrase", &logins_},
        {"--move", "End the logins here afterwards; needs --logins and --output", &move_},
        {"--passphrase-file", "Read the passphrase from there", &passphrase_file_},
        {"--yes", "Do not ask", &yes_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (move_ && (!logins_ || output_.empty()))
      co_return fail(Errc::invalid_argument, "--move needs --logins and --output");
    if (!passphrase_file_.empty() && !logins_) {
      co_return fail(Errc::invalid_argument, "--passphrase-file goes with --logins",
                     "without --logins nothing is encrypted");
    }
    Result<archive::Contents> contents = co_await gather(services);
    if (!contents) co_return std::unexpected(contents.error());
    if (contents->connections.empty())
      co_return fail(Errc::not_found, "there is nothing to export", "gatehouse list");
    std::optional<Secret> passphrase;
    if (logins_) {
      if (move_ && !yes_) {
        const Result<Answer> agreed =
            co_await confirm(services.terminal, "End these logins here once the file is written?",
                             Answer::no, "say so with --yes");
        if (!agreed) co_return std::unexpected(agreed.error());
        if (*agreed == Answer::no) co_return fail(Errc::cancelled, "nothing was exported");
      }
      Result<Secret> typed = co_await get_passphrase(services, passphrase_file_, Typed::twice);
      if (!typed) co_return std::unexpected(typed.error());
      passphrase = std::move(*typed);
      const Result<void> added = co_await gather_logins(services, *contents);
      if (!added) co_return std::unexpected(added.error());
      tell_about_two(services, *contents);
    }
    const Result<std::string> text =
        co_await services.workers.run([&] { return archive::make_archive(*contents, passphrase); });
    if (!text) co_return std::unexpected(text.error());
    if (output_.empty()) {
      services.terminal.print(*text);
    } else {
      const Result<void> written =
          co_await services.workers.run([&] { return write_file(output_, *text); });
      if (!written) co_return std::unexpected(written.error());
      services.terminal.note(
          fmt::format("Wrote {} and {} to {}.", counted(contents->connections.size(), "connection"),
                      counted(contents->credentials.size(), "login"), printable(output_)));
    }
    if (move_) co_return co_await end_logins(services, std::move(contents->credentials));
    co_return Exit::done;
  }

 private:
  Task<Result<archive::Contents>> gather(Services& services) {
    Result<std::vector<vault::Connection>> all =
        co_await services.store.connections().list(organization_of(services));
    if (!all) co_return std::unexpected(all.error());
    archive::Contents out;
    for (const std::string& name : names_) {
      const Result<vault::Connection> known = co_await require_connection(services, name);
      if (!known) co_return std::unexpected(known.error());
    }
    for (vault::Connection& connection : *all) {
      if (!names_.empty() && std::ranges::find(names_, connection.name) == names_.end()) continue;
      if (!connection.origin.empty()) {
        services.terminal.note(fmt::format("{} stays out: it comes from {}; copy that file.",
                                           connection.name, printable(connection.origin)));
        continue;
      }
      if (!connection.secrets_problem.empty())
        services.terminal.note(fmt::format("The secrets of {} cannot be read and stay out: {}",
                                           connection.name, connection.secrets_problem));
      out.connections.push_back(std::move(connection));
    }
    co_return out;
  }

  Task<Result<void>> gather_logins(Services& services, archive::Contents& out) {
    const OrganizationId organization = organization_of(services);
    std::set<std::string> registrations;
    for (const vault::Connection& connection : out.connections) {
      Result<std::vector<vault::CredentialKey>> keys =
          co_await services.store.credentials().list(organization, connection.id);
      if (!keys) co_return std::unexpected(keys.error());
      for (const vault::CredentialKey& key : *keys) {
        Result<std::optional<vault::Credential>> held =
            move_ ? co_await hold(services, key) : co_await services.store.credentials().find(key);
        if (!held && held.error().code != Errc::corrupt) co_return std::unexpected(held.error());
        if (!held) services.terminal.note(held.error().detail + "; it stays out.");
        if (!held || !*held) continue;
        registrations.insert((*held)->binding.registration.value);
        out.credentials.push_back(std::move(**held));
      }
    }
    for (const std::string& id : registrations) {
      if (id.empty()) continue;
      Result<std::optional<vault::Registration>> found =
          co_await services.store.registrations().find(organization, RegistrationId{id});
      if (!found && found.error().code != Errc::corrupt) co_return std::unexpected(found.error());
      if (found && *found) out.registrations.push_back(std::move(**found));
    }
    co_return Result<void>{};
  }

  // What is moved is not refreshed meanwhile: the file would have a refresh token that was used.
  Task<Result<std::optional<vault::Credential>>> hold(Services& services,
                                                      vault::CredentialKey key) {
    for (auto waited = 0ms;; waited += kLeaseRetry) {
      Result<std::optional<vault::Lease>> lease =
          co_await services.store.credentials().acquire_lease(key, holder_, kMoveLease);
      if (!lease) co_return std::unexpected(lease.error());
      if (*lease) co_return std::move((*lease)->credential);
      if (waited >= limits::kRefreshLease)
        co_return fail(Errc::unavailable, "a login is being refreshed by another process",
                       "try again in a moment");
      co_await sleep_for(kLeaseRetry);
    }
  }

  void tell_about_two(Services& services, const archive::Contents& contents) const {
    const bool renewed = std::ranges::any_of(contents.credentials, [](const auto& credential) {
      return !credential.tokens.refresh_token.empty();
    });
    if (!renewed || move_) return;
    services.terminal.note(
        "Used on two machines, these logins can end each other: many providers replace the refresh "
        "token at each use. --move ends them here.");
  }

  Task<Result<Exit>> end_logins(Services& services, std::vector<vault::Credential> credentials) {
    std::size_t ended = 0;
    for (const vault::Credential& credential : credentials) {
      // What was refreshed meanwhile is newer than the file, and stays.
      const Result<std::optional<vault::Credential>> now =
          co_await services.store.credentials().find(credential.key);
      const bool same =
          now && *now && (*now)->version == credential.version && (*now)->epoch == credential.epoch;
      if (!same) {
        services.terminal.note(
            "One login was renewed while the file was written. It stays here; the file has the "
            "older one: export it again.");
        continue;
      }
      const Result<std::optional<vault::Credential>> gone =
          co_await services.store.credentials().end_login(credential.key);
      if (!gone) co_return std::unexpected(gone.error());
      (void)co_await services.store.credentials().release_lease(credential.key, holder_);
      ++ended;
    }
    services.terminal.note(fmt::format(
        "{} of {} logins were ended here and not revoked; keep the file until it is imported.",
        ended, credentials.size()));
    co_return ended == credentials.size() ? Exit::done : Exit::failed;
  }

  std::vector<std::string> names_;
  std::string output_;
  std::string passphrase_file_;
  bool logins_ = false;
  bool move_ = false;
  bool yes_ = false;
  const std::string holder_ = random_token(16);
};

}  // namespace

CommandPtr make_export_command() {
  return std::make_unique<ExportCommand>();
}

}  // namespace gatehouse::cli
