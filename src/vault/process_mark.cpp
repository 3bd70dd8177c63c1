#include "vault/process_mark.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>

namespace gatehouse::vault {
namespace {

std::string pid_namespace() {
  std::array<char, 64> text{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

enum class Life { running, gone, unknown };

struct ProcessState {
  Life life = Life::unknown;
  std::string start_time;  ///< in clock ticks since boot
};

/// Fields 3 (state) and 22 (start time) of /proc/PID/stat, proc(5). The name in field 2 may hold
/// anything, so they are counted from its last parenthesis.
ProcessState look_at(pid_t pid) {
  // A file that is not there proves nothing: hidepid hides the processes of others.
  if (pid <= 0) return {};
  if (::kill(pid, 0) != 0 && errno == ESRCH) return {Life::gone, {}};
  std::FILE* file = std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "re");
  if (file == nullptr) return {};
  std::array<char, 2048> buffer{};
  const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file);
  std::fclose(file);
  const std::string_view text(buffer.data(), size);
  std::size_t at = text.rfind(')');
  if (at == std::string_view::npos || at + 2 >= text.size()) return {};
  const char state = text[at + 2];
  for (int field = 2; field < 22 && at != std::string_view::npos; ++field)
    at = text.find(' ', at + 1);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + 1);
  return {state == 'Z' || state == 'X' ? Life::gone : Life::running,
          std::string(rest.substr(0, rest.find(' ')))};
}

std::string mark_of(const std::string& space, pid_t pid, const std::string& start_time) {
  return fmt::format("{} {} {}", space, pid, start_time);
}

}  // namespace

std::string this_process_mark() {
  const std::string space = pid_namespace();
  const ProcessState state = look_at(::getpid());
  if (space.empty() || state.start_time.empty()) return {};
  return mark_of(space, ::getpid(), state.start_time);
}

bool is_gone(std::string_view mark) {
  const std::string space = pid_namespace();
  if (space.empty() || !mark.starts_with(space + " ")) return false;
  pid_t pid = 0;
  const std::string_view number = mark.substr(space.size() + 1);
  if (std::from_chars(number.data(), number.data() + number.size(), pid).ec != std::errc())
    return false;
  const ProcessState state = look_at(pid);
  if (state.life == Life::unknown) return false;
  return state.life == Life::gone || mark_of(space, pid, state.start_time) != mark;
}

}  // namespace gatehouse::vault
