#include "app/browser.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "http/url.hpp"

namespace gatehouse::app {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(at);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// Starts it in a session of its own, silent; 0 or errno.
int start(const std::vector<std::string>& command, pid_t& pid) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  for (const int descriptor : {0, 1, 2})
    posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  const int error = ::posix_spawnp(&pid, argv.front(), &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

class ProcessBrowser final : public cli::Browser {
 public:
  explicit ProcessBrowser(const Environment& environment)
      : variable_(environment("BROWSER").value_or("")),
        display_(environment("DISPLAY") || environment("WAYLAND_DISPLAY")) {}

  bool available() const override { return chosen() || display_; }
  bool chosen() const override { return !variable_.empty(); }

  Result<void> open(std::string_view url) override {
    const Result<http::Url> parsed = http::Url::parse(url, "the address");
    if (!parsed) return std::unexpected(parsed.error());
    const auto commands =
        chosen() ? browser_commands(variable_, url) : browser_commands("xdg-open", url);
    std::string problem = "no program is named";
    for (const std::vector<std::string>& command : commands) {
      const int error = start(command, pid_);
      if (error == 0) return {};
      problem = fmt::format("{}: {}", command.front(), std::strerror(error));
    }
    pid_ = -1;
    return fail(Errc::unavailable, problem);
  }

  std::optional<std::string> failure() override {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    if (WIFEXITED(status))
      return fmt::format("the program ended with status {}", WEXITSTATUS(status));
    return fmt::format("the program was ended by signal {}", WTERMSIG(status));
  }

 private:
  std::string variable_;
  bool display_;
  pid_t pid_ = -1;
};

}  // namespace

std::vector<std::vector<std::string>> browser_commands(std::string_view variable,
                                                       std::string_view url) {
  std::vector<std::vector<std::string>> commands;
  for (const std::string& entry : split(variable, ':')) {
    std::vector<std::string> words = split(entry, ' ');
    if (words.empty()) continue;
    bool placed = false;
    for (std::string& word : words) {
      const std::size_t at = word.find("%s");
      if (at == std::string::npos) continue;
      word.replace(at, 2, url);
      placed = true;
    }
    if (!placed) words.emplace_back(url);
    commands.push_back(std::move(words));
  }
  return commands;
}

std::unique_ptr<cli::Browser> make_browser(const Environment& environment) {
  return std::make_unique<ProcessBrowser>(environment);
}

}  // namespace gatehouse::app
