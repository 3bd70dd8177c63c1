#include "vault/master_key.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "vault/private_file.hpp"

namespace gatehouse::vault {
namespace {

std::string keyed_hash(std::string_view key, std::string_view text, std::size_t size) {
  std::string out(size, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return out;
}

std::unexpected<Error> io_error(const std::filesystem::path& path, const char* what, int error) {
  return fail(Errc::storage, "cannot " + std::string(what) + " the key file " + path.string() +
                                 ": " + std::strerror(error));
}

}  // namespace

MasterKey::MasterKey(Secret bytes) : bytes_(std::move(bytes)) {
  id_ = keyed_hash(bytes_.reveal(), "gatehouse key id", 16).substr(0, kIdBytes);
}

Result<MasterKey> MasterKey::from_bytes(Secret bytes) {
  if (::sodium_init() < 0) return fail(Errc::bug, "libsodium cannot be initialised");
  if (bytes.reveal().size() != kBytes)
    return fail(Errc::invalid_argument, "the master key must be exactly 32 bytes");
  return MasterKey(std::move(bytes));
}

Secret MasterKey::derive(std::string_view purpose) const {
  return Secret(keyed_hash(bytes_.reveal(), "gatehouse " + std::string(purpose), kBytes));
}

Result<MasterKey> FileKeySource::load() {
  Result<bool> exists = create();
  if (!exists) return std::unexpected(exists.error());
  Result<Secret> bytes = read();
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->reveal().size() != MasterKey::kBytes)
    return fail(Errc::invalid_argument,
                "the key file " + path_.string() + " does not hold a key of 32 bytes",
                "restore it from a backup; without it the stored logins cannot be read");
  return MasterKey::from_bytes(std::move(*bytes));
}

// Written beside and linked into place: the file appears whole or not at all, and link() fails when
// another process was first (what O_EXCL promises, without a moment in which the file is empty).
Result<bool> FileKeySource::create() {
  if (::access(path_.c_str(), F_OK) == 0) return true;
  const std::string draft = path_.string() + "." + random_token(8) + ".new";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return io_error(path_, "create", errno);
  const Secret key(random_bytes(MasterKey::kBytes));
  const bool written = ::write(file, key.reveal().data(), MasterKey::kBytes) ==
                           static_cast<ssize_t>(MasterKey::kBytes) &&
                       ::fsync(file) == 0;
  const int write_error = errno;
  ::close(file);
  const bool linked = written && (::link(draft.c_str(), path_.c_str()) == 0 || errno == EEXIST);
  const int link_error = errno;
  ::unlink(draft.c_str());
  if (!written) return io_error(path_, "write", write_error);
  if (!linked) return io_error(path_, "create", link_error);
  if (auto synced = sync_directory(path_.parent_path()); !synced)
    return std::unexpected(synced.error());
  return true;
}

Result<Secret> FileKeySource::read() {
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return io_error(path_, "open", errno);
  if (auto checked = check_private_file(file, path_); !checked) {
    ::close(file);
    return std::unexpected(checked.error());
  }
  std::string bytes(MasterKey::kBytes + 1, '\0');
  const ssize_t count = ::read(file, bytes.data(), bytes.size());
  const int read_error = errno;
  ::close(file);
  if (count < 0) return io_error(path_, "read", read_error);
  // A new string would leave a copy behind; resizing down keeps the one buffer that Secret wipes.
  bytes.resize(static_cast<std::size_t>(count));
  return Secret(std::move(bytes));
}

Result<MasterKey> ValueKeySource::load() {
  std::optional<std::string> bytes = base64_decode(trim_ows(base64_.reveal()));
  if (!bytes || bytes->size() != MasterKey::kBytes)
    return fail(Errc::invalid_argument, "GATEHOUSE_KEY is not the base64 of 32 bytes",
                "make one with: head -c 32 /dev/urandom | base64");
  return MasterKey::from_bytes(Secret(std::move(*bytes)));
}

}  // namespace gatehouse::vault
