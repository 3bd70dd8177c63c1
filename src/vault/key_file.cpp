#include "vault/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "vault/private_file.hpp"

namespace gatehouse::vault {
namespace {

constexpr std::string_view kHead = "gatehouse-key 2\n";
constexpr std::string_view kKeyring = "keyring\n";
constexpr std::string_view kGiven = "given\n";
constexpr std::size_t kMostBytes = 1024;  // kKeysAtOnce lines are below 400

std::unexpected<Error> io_error(const std::filesystem::path& path, const char* what, int error) {
  return fail(Errc::storage, "cannot " + std::string(what) + " the key file " + path.string() +
                                 ": " + std::strerror(error));
}

std::unexpected<Error> no_key(const std::filesystem::path& path) {
  return fail(Errc::invalid_argument,
              "the key file " + path.string() + " does not hold a key of 32 bytes",
              "restore it from a backup; without it the stored logins cannot be read");
}

/// A file beside it with this content, durable; its name.
Result<std::string> write_draft(const std::filesystem::path& path, const Secret& content) {
  std::string draft = path.string() + "." + random_token(8) + ".new";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return io_error(path, "create", errno);
  const std::string_view bytes = content.reveal();
  const bool written =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (written) return draft;
  ::unlink(draft.c_str());
  return io_error(path, "write", error);
}

}  // namespace

std::string FileKeySource::describe() const {
  if (place_ == KeyPlace::keyring && keyring_ != nullptr) return keyring_->describe();
  return "the file " + path_.string();
}

Result<std::vector<MasterKey>> FileKeySource::load() {
  if (const Result<void> exists = create(); !exists) return std::unexpected(exists.error());
  Result<Secret> content = read();
  if (!content) return std::unexpected(content.error());
  const std::string_view bytes = content->reveal();
  place_ = KeyPlace::file;
  if (!bytes.starts_with(kHead)) {
    if (bytes.size() != MasterKey::kBytes) return no_key(path_);
    Result<MasterKey> key = MasterKey::from_bytes(std::move(*content));
    if (!key) return std::unexpected(key.error());
    return std::vector{std::move(*key)};
  }
  if (bytes.substr(kHead.size()) == kKeyring) {
    place_ = KeyPlace::keyring;
    if (keyring_ != nullptr) return keyring_->load();
    return fail(Errc::unsupported, "the key file " + path_.string() + " says: in the keyring");
  }
  if (bytes.substr(kHead.size()) == kGiven) {
    return fail(Errc::not_found,
                "the key of this store comes from GATEHOUSE_KEY or key.command, and neither is set",
                "set what gave it when `gatehouse keys rotate` moved it there");
  }
  Result<std::vector<MasterKey>> keys = parse_keys(bytes.substr(kHead.size()));
  if (!keys) return no_key(path_);
  return keys;
}

// Written beside and linked into place: the file appears whole or not at all, and link() fails when
// another process was first (what O_EXCL promises, without a moment in which the file is empty).
Result<void> FileKeySource::create() {
  if (exists()) return {};
  const Result<std::string> draft = write_draft(path_, MasterKey::make().bytes());
  if (!draft) return std::unexpected(draft.error());
  const bool linked = ::link(draft->c_str(), path_.c_str()) == 0 || errno == EEXIST;
  const int error = errno;
  ::unlink(draft->c_str());
  if (!linked) return io_error(path_, "create", error);
  return sync_directory(path_.parent_path());
}

Result<void> FileKeySource::replace(const Secret& content) {
  const Result<std::string> draft = write_draft(path_, content);
  if (!draft) return std::unexpected(draft.error());
  if (::rename(draft->c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(draft->c_str());
    return io_error(path_, "replace", error);
  }
  return sync_directory(path_.parent_path());
}

Result<void> FileKeySource::save(const std::vector<MasterKey>& keys) {
  place_ = KeyPlace::file;
  if (keys.size() == 1) return replace(keys.front().bytes());
  const Secret lines = format_keys(keys);
  std::string text;
  text.reserve(kHead.size() + lines.reveal().size());
  text += kHead;
  text += lines.reveal();
  return replace(Secret(std::move(text)));
}

bool FileKeySource::exists() const {
  return ::access(path_.c_str(), F_OK) == 0;
}

Result<void> FileKeySource::point_to_keyring() {
  place_ = KeyPlace::keyring;
  return replace(Secret(std::string(kHead) + std::string(kKeyring)));
}

Result<void> FileKeySource::point_to_given() {
  place_ = KeyPlace::file;
  return replace(Secret(std::string(kHead) + std::string(kGiven)));
}

Result<Secret> FileKeySource::read() {
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return io_error(path_, "open", errno);
  if (auto checked = check_private_file(file, path_); !checked) {
    ::close(file);
    return std::unexpected(checked.error());
  }
  std::string bytes(kMostBytes, '\0');
  const ssize_t count = ::read(file, bytes.data(), bytes.size());
  const int read_error = errno;
  ::close(file);
  if (count < 0) return io_error(path_, "read", read_error);
  // A new string would leave a copy behind; resizing down keeps the one buffer that Secret wipes.
  bytes.resize(static_cast<std::size_t>(count));
  return Secret(std::move(bytes));
}

}  // namespace gatehouse::vault
