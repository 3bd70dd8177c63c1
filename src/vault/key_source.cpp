#include "vault/key_source.hpp"

#include <fmt/format.h>

namespace gatehouse::vault {

std::string_view to_string(KeyPlace place) {
  switch (place) {
    case KeyPlace::file:
      return "file";
    case KeyPlace::keyring:
      return "keyring";
    case KeyPlace::environment:
      return "environment";
    case KeyPlace::command:
      return "command";
  }
  return "file";
}

Result<void> KeySource::save(const std::vector<MasterKey>&) {
  return fail(Errc::unsupported, fmt::format("Gatehouse cannot write to {}", describe()));
}

Result<std::vector<MasterKey>> ValueKeySource::load() {
  Result<std::vector<MasterKey>> keys = parse_keys(text_.reveal());
  if (keys) return keys;
  return fail(Errc::invalid_argument, "GATEHOUSE_KEY: " + keys.error().detail,
              "make one with: head -c 32 /dev/urandom | base64");
}

Result<std::vector<MasterKey>> CommandKeySource::load() {
  const Result<Secret> text = run_();
  if (!text) return std::unexpected(text.error());
  Result<std::vector<MasterKey>> keys = parse_keys(text->reveal());
  if (keys) return keys;
  return fail(Errc::invalid_argument,
              fmt::format("what {} printed: {}", describe(), keys.error().detail),
              "it is to print the base64 of 32 bytes and nothing else; make a key with: head -c 32 "
              "/dev/urandom | base64");
}

KeyringItem KeyringKeySource::item() const {
  return {"master-key", store_, "Gatehouse: key of the store " + store_};
}

Result<std::vector<MasterKey>> KeyringKeySource::load() {
  const Result<Secret> text = keyring_.look_up(item());
  if (!text) return std::unexpected(text.error());
  Result<std::vector<MasterKey>> keys = parse_keys(text->reveal());
  if (keys) return keys;
  return fail(Errc::invalid_argument,
              fmt::format("the keyring's item \"{}\": {}", item().label, keys.error().detail),
              "restore it from a backup; without it the stored logins cannot be read");
}

Result<void> KeyringKeySource::save(const std::vector<MasterKey>& keys) {
  return keyring_.store(item(), format_keys(keys));
}

Result<void> KeyringKeySource::erase() {
  return keyring_.erase(item());
}

}  // namespace gatehouse::vault
