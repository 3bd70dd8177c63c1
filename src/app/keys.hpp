// The key sources of this installation, from configuration and environment. Used by wiring.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "app/paths.hpp"
#include "base/secret.hpp"
#include "vault/key_sources.hpp"

namespace gatehouse::app {

struct Keys {
  std::unique_ptr<vault::SecretService> keyring;
  std::shared_ptr<vault::KeySources> sources;
  std::shared_ptr<vault::HeldKeys> held;
};

/// Reads the key, and makes one for a new store. `value` is that of GATEHOUSE_KEY. Blocks: a
/// command has kKeyCommand, a keyring that prompts a minute. Errors: see vault::KeySource::load.
Result<Keys> load_keys(const Paths& paths, const Config& config, const Environment& environment,
                       Secret value);

}  // namespace gatehouse::app
