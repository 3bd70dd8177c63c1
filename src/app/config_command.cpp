#include "app/config_command.hpp"

#include "app/config.hpp"

namespace gatehouse::app {
namespace {

class ConfigDocsCommand final : public cli::Command {
 public:
  cli::CommandSpec spec() override {
    cli::CommandSpec spec;
    spec.name = "config-docs";
    spec.summary = "Print the documentation of the configuration";
    spec.listing = cli::CommandSpec::Listing::hidden;
    return spec;
  }
  std::optional<std::string> text_only() override { return config_document(); }
  Task<Result<cli::Exit>> run(cli::Services&) override { co_return cli::Exit::done; }
};

}  // namespace

cli::CommandPtr make_config_docs_command() {
  return std::make_unique<ConfigDocsCommand>();
}

}  // namespace gatehouse::app
