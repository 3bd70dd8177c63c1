#include "app/child_launcher.hpp"

#include <fmt/format.h>

#include "upstream/fixed_headers.hpp"

namespace gatehouse::app {
namespace {

using namespace std::chrono_literals;

// What a child process may know of us besides its own configuration: what it takes to find
// programs and its home, no more (as the official SDKs do).
constexpr std::array<const char*, 7> kInherited{"HOME",  "LANG", "LOGNAME", "PATH",
                                                "SHELL", "TERM", "USER"};
constexpr auto kSameOpening = 15s;  // longer than a probe waits

}  // namespace

Task<Result<std::unique_ptr<jsonrpc::LineChannel>>> ChildLauncher::launch() {
  const SteadyTime now = parts_.clock.steady_now();
  if (!last_ || now - last_at_ > kSameOpening) {
    Result<jsonrpc::ProcessSpec> made = co_await make_process();
    if (!made) co_return std::unexpected(made.error());
    last_ = std::move(*made);
    last_at_ = parts_.clock.steady_now();
  }
  co_return parts_.processes.launch(*last_);
}

Task<Result<std::string>> ChildLauncher::read_word(std::string word) {
  if (connection_.origin.empty()) co_return word;
  Result<Secret> read = co_await parts_.read_secret(std::move(word));
  if (read) co_return std::string(read->reveal());
  co_return fail(read.error().code,
                 fmt::format("the command of {}: {}", connection_.name, read.error().detail),
                 read.error().hint);
}

Task<Result<jsonrpc::ProcessSpec>> ChildLauncher::make_process() {
  jsonrpc::ProcessSpec spec;
  spec.name = connection_.name;
  for (const std::string& word : connection_.command) {
    Result<std::string> read = co_await read_word(word);
    if (!read) co_return std::unexpected(read.error());
    spec.argv.push_back(std::move(*read));
  }
  for (const char* name : kInherited) {
    if (const std::optional<std::string> value = parts_.environment(name))
      spec.environment[name] = *value;
  }
  for (const vault::NamedSecret& variable : connection_.environment) {
    const std::string what = fmt::format("variable {} of {}", variable.name, connection_.name);
    Result<Secret> value = co_await upstream::read_secret(variable, parts_.read_secret, what);
    if (!value) co_return std::unexpected(value.error());
    spec.environment[variable.name] = std::string(value->reveal());
  }
  spec.directory = connection_.directory.empty() ? parts_.environment("HOME").value_or("")
                                                 : connection_.directory;
  co_return spec;
}

}  // namespace gatehouse::app
