// gatehouse keyring set and remove: secrets that ${keyring:NAME} refers to, put into the desktop's
// keyring. Typed or piped, never an argument.
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "cli/services.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kSecretBytes = 64 * 1024;  // a PEM key chain at most

Result<void> check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 200;
  if (fits && name.find_first_of("{}\n\r") == std::string::npos) return {};
  return fail(Errc::invalid_argument, "the name of a secret has 1 to 200 characters, no braces");
}

Task<Result<Secret>> read_secret(Services& services, const std::string& name) {
  if (services.terminal.can_ask())
    co_return co_await ask_secret(services.terminal, "Secret " + name, "");
  Result<std::string> text = co_await services.terminal.read_all(kSecretBytes);
  if (!text) co_return std::unexpected(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  co_return Secret(std::move(*text));
}

class KeyringSetCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "keyring set";
    spec.summary = "Put a secret into the desktop's keyring, for ${keyring:NAME}";
    spec.details =
        R"(The secret is asked for, or read from standard input. One that is there already is replaced.

Examples:
  gatehouse keyring set github
  pass show github/token | gatehouse keyring set github
  gatehouse add github https://api.githubcopilot.com/mcp/ \
    --header 'Authorization: Bearer ${keyring:github}')";
    spec.arguments = {{"name", "Its name in references", &name_, Argument::Presence::required}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (const Result<void> fine = check_name(name_); !fine) co_return std::unexpected(fine.error());
    const Result<Secret> secret = co_await read_secret(services, name_);
    if (!secret) co_return std::unexpected(secret.error());
    if (secret->empty()) co_return fail(Errc::invalid_argument, "the secret is empty");
    const Result<void> stored = co_await services.workers.run(
        [&] { return services.keyring.store(vault::secret_item(name_), *secret); });
    if (!stored) co_return std::unexpected(stored.error());
    services.terminal.note(
        fmt::format("Stored. Refer to it as ${{keyring:{}}}.", printable(name_)));
    co_return Exit::done;
  }

 private:
  std::string name_;
};

class KeyringRemoveCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "keyring remove";
    spec.summary = "Remove a secret from the desktop's keyring";
    spec.details = "Examples:\n  gatehouse keyring remove github";
    spec.arguments = {{"name", "Its name in references", &name_, Argument::Presence::required}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    if (const Result<void> fine = check_name(name_); !fine) co_return std::unexpected(fine.error());
    const Result<void> erased = co_await services.workers.run(
        [&] { return services.keyring.erase(vault::secret_item(name_)); });
    if (!erased) co_return std::unexpected(erased.error());
    services.terminal.note("Removed, if it was there.");
    co_return Exit::done;
  }

 private:
  std::string name_;
};

}  // namespace

CommandPtr make_keyring_set_command() {
  return std::make_unique<KeyringSetCommand>();
}
CommandPtr make_keyring_remove_command() {
  return std::make_unique<KeyringRemoveCommand>();
}

}  // namespace gatehouse::cli
