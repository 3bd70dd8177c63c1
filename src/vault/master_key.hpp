// MasterKey: the 256 bits that everything secret in the store hangs on, and where they come from
// (design §4.7). Read once at start by app/wiring; keyring and command are further KeySources.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::vault {

class MasterKey final {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kIdBytes = 8;

  /// invalid_argument unless `bytes` is exactly kBytes long.
  static Result<MasterKey> from_bytes(Secret bytes);

  /// kIdBytes raw bytes, derived by hash: tells keys apart, tells nothing about the key.
  const std::string& id() const { return id_; }
  /// A key of its own for one purpose, such as "request state": 32 bytes. Same purpose, same key.
  Secret derive(std::string_view purpose) const;

 private:
  explicit MasterKey(Secret bytes);
  Secret bytes_;
  std::string id_;
};

class KeySource {
 public:
  virtual ~KeySource() = default;
  /// Errors: policy (owner, mode), invalid_argument (not a key), storage (reading, writing); each
  /// says the fix.
  virtual Result<MasterKey> load() = 0;
};

/// A file of 32 raw bytes, mode 0600, owned by us. Made at first use, in a directory that exists;
/// several processes may do so at once and all get the same key.
class FileKeySource final : public KeySource {
 public:
  explicit FileKeySource(std::filesystem::path path) : path_(std::move(path)) {}
  Result<MasterKey> load() override;

 private:
  Result<bool> create();
  Result<Secret> read();
  std::filesystem::path path_;
};

/// The value of GATEHOUSE_KEY: base64 of 32 bytes. The application takes it out of the environment.
class ValueKeySource final : public KeySource {
 public:
  explicit ValueKeySource(Secret base64) : base64_(std::move(base64)) {}
  Result<MasterKey> load() override;

 private:
  Secret base64_;
};

}  // namespace gatehouse::vault
