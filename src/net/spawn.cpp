#include "net/spawn.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "net/owned_fd.hpp"

namespace gatehouse::net {
namespace {

struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

/// Above 2, so that dup2() in the child never finds a descriptor in the way.
OwnedFd lifted(int fd) {
  if (fd > 2) return OwnedFd(fd);
  const int higher = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  ::close(fd);
  return OwnedFd(higher);
}

Result<Pipe> make_pipe() {
  std::array<int, 2> fds;
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return fail(Errc::unavailable, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  Pipe pipe{lifted(fds[0]), lifted(fds[1])};
  if (pipe.read.get() < 0 || pipe.write.get() < 0)
    return fail(Errc::unavailable, "cannot make a pipe: too many open files");
  return pipe;
}

/// What the child needs, prepared before fork(): after it only async-signal-safe calls are allowed.
struct ExecPlan {
  std::string path;
  std::vector<char*> argv;
  std::vector<std::string> environment;
  std::vector<char*> envp;
  const char* directory = nullptr;
  pid_t parent = 0;
  int in = -1, out = -1, err = -1, report = -1;
};

enum class Stage : int { directory, exec };

struct Report {
  Stage stage;
  int error;
};

[[noreturn]] void give_up(const ExecPlan& plan, Stage stage) {
  const Report report{stage, errno};
  [[maybe_unused]] const ssize_t ignored = ::write(plan.report, &report, sizeof report);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  // The C library keeps signals 32 and 33 to itself, yet a parent may hand them down ignored.
  struct {
    void* handler = nullptr;  // SIG_DFL
    unsigned long flags = 0;
    void* restorer = nullptr;
    unsigned long mask = 0;
  } kernel_standard;
  for (const int reserved : {32, 33}) {
    ::syscall(SYS_rt_sigaction, reserved, &kernel_standard, nullptr, sizeof kernel_standard.mask);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Everything of ours was opened close-on-exec, but not everything in the process is ours.
void mark_close_on_exec() {
#if defined(SYS_close_range)
  if (::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < std::min(limit, 65536L); ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void run_child(const ExecPlan& plan) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // we died before the line above took effect
  reset_signals();
  ::dup2(plan.in, 0);
  ::dup2(plan.out, 1);
  ::dup2(plan.err, 2);
  mark_close_on_exec();
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, Stage::directory);
  ::execve(plan.path.c_str(), plan.argv.data(), plan.envp.data());
  give_up(plan, Stage::exec);
}

bool is_executable_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Error no_such_program(const std::string& program) {
  return {Errc::not_found, fmt::format("the program {} was not found", quote_remote(program)),
          "install it, or give its full path"};
}

Error not_executable(const std::string& path, const std::string& why) {
  return {Errc::policy, fmt::format("{} cannot be executed: {}", quote_remote(path), why), {}};
}

/// The first executable file of that name in PATH, as a shell would find it.
Result<std::string> find_program(const jsonrpc::ProcessSpec& spec) {
  const std::string& program = spec.argv.front();
  if (program.find('/') != std::string::npos) return program;
  const auto found = spec.environment.find("PATH");
  const std::string path = found == spec.environment.end() ? "/usr/bin:/bin" : found->second;
  std::string candidate_without_right;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const std::string folder = path.substr(start, end - start);
    start = end + 1;
    if (!folder.starts_with('/')) continue;  // the current directory is no place for programs
    std::string candidate = folder + "/" + program;
    if (is_executable_file(candidate)) return candidate;
    if (::access(candidate.c_str(), F_OK) == 0) candidate_without_right = candidate;
  }
  if (!candidate_without_right.empty())
    return std::unexpected(not_executable(candidate_without_right, "permission denied"));
  return std::unexpected(no_such_program(program));
}

bool has_nul(const jsonrpc::ProcessSpec& spec) {
  for (const std::string& argument : spec.argv)
    if (argument.find('\0') != std::string::npos) return true;
  for (const auto& [name, value] : spec.environment)
    if ((name + value).find('\0') != std::string::npos || name.find('=') != std::string::npos)
      return true;
  return spec.directory.find('\0') != std::string::npos;
}

Result<ExecPlan> make_plan(const jsonrpc::ProcessSpec& spec) {
  if (spec.argv.empty() || spec.argv.front().empty())
    return fail(Errc::invalid_argument, "the command is empty");
  if (has_nul(spec))
    return fail(Errc::invalid_argument,
                "the command or its environment contains a NUL byte or an "
                "environment name with '='");
  Result<std::string> path = find_program(spec);
  if (!path) return std::unexpected(path.error());
  ExecPlan plan;
  plan.path = std::move(*path);
  for (const std::string& argument : spec.argv)
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);
  plan.environment.reserve(spec.environment.size());
  for (const auto& [name, value] : spec.environment) plan.environment.push_back(name + "=" + value);
  for (std::string& entry : plan.environment) plan.envp.push_back(entry.data());
  plan.envp.push_back(nullptr);
  if (!spec.directory.empty()) plan.directory = spec.directory.c_str();
  plan.parent = ::getpid();
  return plan;
}

Error explain(const Report& report, const ExecPlan& plan, const jsonrpc::ProcessSpec& spec) {
  const std::string why = std::strerror(report.error);
  if (report.stage == Stage::directory)
    return {Errc::invalid_argument,
            fmt::format("cannot work in the directory {}: {}", quote_remote(spec.directory), why),
            {}};
  if (report.error == ENOENT && ::access(plan.path.c_str(), F_OK) != 0)
    return no_such_program(spec.argv.front());
  if (report.error == ENOENT)
    return not_executable(plan.path, "the interpreter that its first line names was not found");
  if (report.error == ENOEXEC)
    return not_executable(plan.path, "it is neither a program nor a script with a #! line");
  return not_executable(plan.path, why);
}

/// Nothing when the program runs: exec closed the pipe.
std::optional<Report> read_report(int fd) {
  Report report{};
  ssize_t size = -1;
  do {
    size = ::read(fd, &report, sizeof report);
  } while (size < 0 && errno == EINTR);
  if (size != sizeof report) return std::nullopt;
  return report;
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<Spawned> spawn(const jsonrpc::ProcessSpec& spec) {
  Result<ExecPlan> plan = make_plan(spec);
  if (!plan) return std::unexpected(plan.error());
  Result<Pipe> in = make_pipe();
  if (!in) return std::unexpected(in.error());
  Result<Pipe> out = make_pipe();
  if (!out) return std::unexpected(out.error());
  Result<Pipe> err = make_pipe();
  if (!err) return std::unexpected(err.error());
  Result<Pipe> report = make_pipe();
  if (!report) return std::unexpected(report.error());
  plan->in = in->read.get();
  plan->out = out->write.get();
  plan->err = err->write.get();
  plan->report = report->write.get();

  const pid_t pid = ::fork();
  if (pid == 0) run_child(*plan);
  if (pid < 0)
    return fail(Errc::unavailable, fmt::format("cannot start a process: {}", std::strerror(errno)));
  report->write.reset();
  if (const std::optional<Report> problem = read_report(report->read.get())) {
    kill_and_reap(pid);
    return std::unexpected(explain(*problem, *plan, spec));
  }
  const int exit_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (exit_fd < 0) {
    const std::string why = std::strerror(errno);
    kill_and_reap(pid);
    return fail(Errc::unsupported, fmt::format("cannot watch a process: {}", why),
                "Linux 5.3 or newer is needed");
  }
  return Spawned{pid, exit_fd, in->write.release(), out->read.release(), err->read.release()};
}

}  // namespace gatehouse::net
