// gatehouse completion bash, zsh, fish: the script that makes the shell ask `gatehouse complete`.
#include <fmt/format.h>

#include "cli/completion.hpp"

namespace gatehouse::cli {
namespace {

class CompletionCommand final : public Command {
 public:
  explicit CompletionCommand(std::string shell) : shell_(std::move(shell)) {}

  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "completion " + shell_;
    spec.summary = "Print the completion script for " + shell_;
    if (shell_ == "bash")
      spec.details =
          "Examples:\n  source <(gatehouse completion bash)          this shell; put it into "
          "~/.bashrc for all";
    if (shell_ == "zsh")
      spec.details =
          "Examples:\n  source <(gatehouse completion zsh)           this shell, after compinit\n"
          "  gatehouse completion zsh > ~/.zfunc/_gatehouse   for all, with ~/.zfunc in fpath";
    if (shell_ == "fish")
      spec.details =
          "Examples:\n  gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish";
    return spec;
  }
  std::optional<std::string> text_only() override { return std::string(completion_script(shell_)); }
  Task<Result<Exit>> run(Services&) override { co_return Exit::done; }

 private:
  std::string shell_;
};

}  // namespace

CommandPtr make_completion_command(std::string shell) {
  return std::make_unique<CompletionCommand>(std::move(shell));
}

}  // namespace gatehouse::cli
