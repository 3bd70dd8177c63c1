// KeySource: where the master key is kept: a file (key_file.hpp), the desktop's keyring, the value
// of GATEHOUSE_KEY, or what a command prints (design §4.7, decision 0008). Read at start by
// app/wiring and again when a rotation is noticed; written by `gatehouse keys rotate`. Calls block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vault/master_key.hpp"
#include "vault/secret_service.hpp"

namespace gatehouse::vault {

enum class KeyPlace { file, keyring, environment, command };
std::string_view to_string(KeyPlace place);

class KeySource {
 public:
  virtual ~KeySource() = default;
  /// The keys in it, the one for a new store first. Errors: policy (owner, mode, locked),
  /// invalid_argument (not a key), storage (reading, writing), not_found, unsupported, timeout,
  /// rejected (the command failed); each says the way out.
  virtual Result<std::vector<MasterKey>> load() = 0;
  /// Replaces all of them, durably and at once. unsupported where only a person can.
  virtual Result<void> save(const std::vector<MasterKey>& keys);
  virtual KeyPlace place() const = 0;
  /// "the file /home/a/…/gatehouse.key", for people.
  virtual std::string describe() const = 0;
};

/// The value of GATEHOUSE_KEY: one key, or during a rotation the new one and the old one. The
/// application takes it out of the environment.
class ValueKeySource final : public KeySource {
 public:
  explicit ValueKeySource(Secret text) : text_(std::move(text)) {}
  Result<std::vector<MasterKey>> load() override;
  KeyPlace place() const override { return KeyPlace::environment; }
  std::string describe() const override { return "the variable GATEHOUSE_KEY"; }

 private:
  Secret text_;
};

/// What a command prints.
class CommandKeySource final : public KeySource {
 public:
  /// `run` runs it to its end and gives its output; `name` is the program, for people.
  CommandKeySource(std::string name, std::function<Result<Secret>()> run)
      : name_(std::move(name)), run_(std::move(run)) {}
  Result<std::vector<MasterKey>> load() override;
  KeyPlace place() const override { return KeyPlace::command; }
  std::string describe() const override { return "the command " + name_ + " (key.command)"; }

 private:
  std::string name_;
  std::function<Result<Secret>()> run_;
};

/// An item of the desktop's keyring, one for each store.
class KeyringKeySource final : public KeySource {
 public:
  /// `store` tells stores apart: its folder.
  KeyringKeySource(SecretService& keyring, std::string store)
      : keyring_(keyring), store_(std::move(store)) {}
  Result<std::vector<MasterKey>> load() override;
  Result<void> save(const std::vector<MasterKey>& keys) override;
  /// Not an error when there is none.
  Result<void> erase();
  KeyPlace place() const override { return KeyPlace::keyring; }
  std::string describe() const override { return "the keyring"; }

 private:
  KeyringItem item() const;
  SecretService& keyring_;
  std::string store_;
};

}  // namespace gatehouse::vault
