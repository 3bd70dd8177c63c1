// The key file: 32 raw bytes, mode 0600, owned by us; while a key is being replaced, or when the
// key has moved elsewhere, a text that says so:
//
//   gatehouse-key 2            gatehouse-key 2            gatehouse-key 2
//   <base64 of one key>        keyring                    given
//   <base64 of the next>
//
// "given": by GATEHOUSE_KEY or key.command; without those no key is made, which would be a new one.
#pragma once

#include <filesystem>

#include "vault/key_source.hpp"

namespace gatehouse::vault {

class FileKeySource final : public KeySource {
 public:
  /// `keyring` is asked when the file says so; it must outlive this and may be null.
  explicit FileKeySource(std::filesystem::path path, KeySource* keyring = nullptr)
      : path_(std::move(path)), keyring_(keyring) {}

  /// Makes the file at first use, in a directory that exists; several processes may do so at once
  /// and all get the same key.
  Result<std::vector<MasterKey>> load() override;
  Result<void> save(const std::vector<MasterKey>& keys) override;
  bool exists() const;
  /// From now on the file only says that the keyring has the key.
  Result<void> point_to_keyring();
  /// From now on the file only says that a variable or a command gives the key.
  Result<void> point_to_given();
  /// Where the keys were at the last load(): in the file, or in the keyring.
  KeyPlace place() const override { return place_; }
  std::string describe() const override;

 private:
  Result<void> create();
  Result<Secret> read();
  Result<void> replace(const Secret& content);
  std::filesystem::path path_;
  KeySource* keyring_;
  KeyPlace place_ = KeyPlace::file;
};

}  // namespace gatehouse::vault
