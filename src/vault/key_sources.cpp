#include "vault/key_sources.hpp"

#include "vault/file_lock.hpp"

namespace gatehouse::vault {

KeySources::KeySources(Parts parts)
    : parts_(std::move(parts)),
      keyring_(*parts_.keyring, parts_.folder.string()),
      file_(parts_.folder / "gatehouse.key", &keyring_),
      value_(parts_.value),
      active_(&file_) {
  if (!parts_.value.empty()) {
    active_ = &value_;
  } else if (parts_.configured == KeyPlace::keyring) {
    active_ = &keyring_;
  } else if (parts_.configured == KeyPlace::environment) {
    active_ = &value_;
  } else if (parts_.command && parts_.configured != KeyPlace::file) {
    active_ = parts_.command.get();
  }
}

KeySource& KeySources::active() {
  const bool elsewhere = active_ == &file_ && file_.place() == KeyPlace::keyring;
  return elsewhere ? static_cast<KeySource&>(keyring_) : *active_;
}

Result<std::vector<MasterKey>> KeySources::load() {
  if (active_ == &value_ && parts_.value.empty())
    return fail(Errc::invalid_argument, "GATEHOUSE_KEY is not set, and key.source says environment",
                "set it, or change key.source");
  if (parts_.configured == KeyPlace::command && !parts_.command)
    return fail(Errc::invalid_argument, "key.source says command, and key.command is not set",
                "set key.command to the program that prints the key");
  Result<std::vector<MasterKey>> keys =
      active_ == &keyring_ ? load_or_make_in_keyring() : active_->load();
  was_in_keyring_ |= active().place() == KeyPlace::keyring;
  if (!keys || active_ == &file_ || !file_.exists()) return keys;
  // A key file that cannot be read is no reason to stop: it is not where the key is.
  Result<std::vector<MasterKey>> more = file_.load();
  if (more) keys->insert(keys->end(), more->begin(), more->end());
  return keys;
}

Result<std::vector<MasterKey>> KeySources::load_or_make_in_keyring() {
  Result<std::vector<MasterKey>> keys = keyring_.load();
  const bool may_make = parts_.new_store && !keys && keys.error().code == Errc::not_found;
  if (!may_make) return keys;
  Result<FileLock> lock = FileLock::take(lock_file(), FileLock::Wait::yes);
  if (!lock) return std::unexpected(lock.error());
  keys = keyring_.load();  // another process may have been first
  if (keys) return keys;
  std::vector<MasterKey> made;
  if (file_.exists()) {
    Result<std::vector<MasterKey>> old = file_.load();
    if (old) made = std::move(*old);
  }
  if (made.empty()) made.push_back(MasterKey::make());
  if (const Result<void> saved = keyring_.save(made); !saved) return std::unexpected(saved.error());
  return made;
}

Result<KeySource*> KeySources::find(KeyPlace place) {
  switch (place) {
    case KeyPlace::file:
      return &file_;
    case KeyPlace::keyring:
      return &keyring_;
    case KeyPlace::environment:
      if (parts_.value.empty())
        return fail(Errc::invalid_argument, "GATEHOUSE_KEY is not set",
                    "set it to the new key, the base64 of 32 bytes");
      return &value_;
    case KeyPlace::command:
      if (!parts_.command)
        return fail(Errc::invalid_argument, "no command is configured for the key",
                    "set key.command in the configuration, or GATEHOUSE_KEY_COMMAND");
      return parts_.command.get();
  }
  return &file_;
}

Result<void> KeySources::settle(KeyPlace place, const MasterKey& key) {
  switch (place) {
    case KeyPlace::file: {
      if (const Result<void> saved = file_.save({key}); !saved) return saved;
      // Its copy in the keyring is of no use any more; that it stays is no reason to fail.
      if (was_in_keyring_ && parts_.configured != KeyPlace::keyring) (void)keyring_.erase();
      return {};
    }
    case KeyPlace::keyring:
      if (const Result<void> saved = keyring_.save({key}); !saved) return saved;
      was_in_keyring_ = true;
      return file_.point_to_keyring();
    case KeyPlace::environment:
    case KeyPlace::command:
      return file_.point_to_given();
  }
  return {};
}

}  // namespace gatehouse::vault
