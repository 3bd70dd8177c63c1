#include "config/layers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace gatehouse::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProjectFile = ".gatehouse/mcp.json";
constexpr int kUpwards = 64;

bool is_there(const fs::path& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

/// The file's text; nothing when there is none.
Result<std::optional<std::string>> read_text(LayerKind kind, const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(Errc::storage, fmt::format("it cannot be read: {}", std::strerror(errno)));
  }
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } const closer{fd};
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return fail(Errc::policy, "it is not a regular file");
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail(Errc::policy, "it belongs to another user", "copy it if you trust them");
  // A project's says nothing before it is approved word by word; this one is obeyed.
  if (kind == LayerKind::global && (info.st_mode & 0022) != 0)
    return fail(Errc::policy, "others may write to it", fmt::format("chmod go-w '{}'", file));
  std::string text(kFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(Errc::storage, fmt::format("it cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

FilePlace place_of(LayerKind kind, const std::string& file, const Where& where) {
  if (kind == LayerKind::global) return {where.home, where.home};
  return {fs::path(file).parent_path().parent_path().string(), where.home};
}

}  // namespace

std::string_view to_string(LayerKind kind) {
  return kind == LayerKind::global ? "global" : "project";
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::string find_project_file(const std::string& directory, const std::string& home) {
  if (directory.empty() || directory.front() != '/') return {};
  std::string found;
  const std::string real_home = home.empty() ? home : real_path(home);
  fs::path folder = real_path(directory);
  for (int i = 0; i < kUpwards; ++i) {
    const bool root = folder == folder.root_path();
    const bool in_repository = is_there(folder / ".git");
    if (!in_repository && (root || folder.string() == real_home)) break;
    if (found.empty() && is_there(folder / kProjectFile)) found = (folder / kProjectFile).string();
    if (!found.empty() || in_repository || root) break;
    folder = folder.parent_path();
  }
  return found.empty() ? found : real_path(found);
}

std::optional<Layer> read_layer(LayerKind kind, const std::string& file, const Where& where) {
  if (file.empty()) return std::nullopt;
  Layer layer;
  layer.kind = kind;
  layer.file = real_path(file);
  const Result<std::optional<std::string>> text = read_text(kind, layer.file);
  if (text && !*text) return std::nullopt;
  if (!text) {
    layer.problem = text.error();
    return layer;
  }
  Result<Document> document = parse_mcp_json(**text, place_of(kind, layer.file, where));
  if (document)
    layer.document = std::move(*document);
  else
    layer.problem = document.error();
  return layer;
}

std::string file_stamp(const std::string& file) {
  struct stat info{};
  if (file.empty() || ::stat(file.c_str(), &info) != 0) return {};
  return fmt::format("{} {} {}.{} {}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec, info.st_ctim.tv_nsec);
}

}  // namespace gatehouse::config
