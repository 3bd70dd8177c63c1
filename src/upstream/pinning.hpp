// Pins: what a server's new list means for what was accepted of it before
// (docs/decisions/0012-pinned-capabilities.md). Called by Upstreams when a list has arrived. Pure:
// pins and list in, changes out.
#pragma once

#include <string>
#include <vector>

#include "vault/records.hpp"

namespace gatehouse::upstream {

struct Relisting {
  const std::vector<vault::Pin>& pins;             ///< all of this connection and owner
  const std::vector<std::string>& tools;           ///< as listed now, proved
  const vault::StoredCatalog* previous = nullptr;  ///< the list before; null: this is the first
  vault::OnChange on_change = vault::OnChange::allow;
  SystemTime now;
};

struct PinOutcome {
  std::vector<vault::PinChange> changes;
  std::vector<std::string> changed;   ///< tools whose definition is new, and not what waited before
  std::vector<std::string> appeared;  ///< new tools that wait for approval
};

/// First seen is accepted, except a tool that appears later on a connection that blocks. Another
/// definition waits, beside the accepted one, until it is approved or gone. What a list does not
/// name any more stays pinned; the longest gone are forgotten beyond kPinsPerConnection.
PinOutcome settle_pins(const Relisting& relisting);

}  // namespace gatehouse::upstream
