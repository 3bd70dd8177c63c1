// The built-in descriptions of well-known MCP servers: what `gatehouse add notion` knows without
// asking anybody. Facts only, as their operators publish them; what a server says of itself when it
// is asked always counts more. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vault/records.hpp"

namespace gatehouse::cli {

/// What a person must have before the server lets anybody in.
enum class Needs {
  nothing,
  sign_in,  ///< OAuth; Gatehouse registers itself
  client,   ///< OAuth with a client that somebody registers beforehand
  key,      ///< a static key in a header
};

struct Preset {
  std::string_view name;  ///< a connection's name may be
  std::string_view title;
  std::string_view url;
  Needs needs = Needs::nothing;
  std::string_view scopes;      ///< asked for in addition, space separated
  std::string_view issuer;      ///< authorization server, where it must be known; empty: discovered
  std::string_view key_header;  ///< Needs::key: header that carries it
  std::string_view key_prefix;  ///< before the key in that header
  std::string_view key_variable;  ///< what the variable with the key is usually called
  std::string_view where_to_get;  ///< page where client or key are made; empty: none needed
  std::string_view note;          ///< one sentence more; may be empty
};

/// Sorted by name.
std::span<const Preset> all_presets();

/// Null when there is none of that name.
const Preset* find_preset(std::string_view name);

/// "nothing", "sign_in", "client", "key".
std::string_view to_string(Needs needs);

/// What it will need first, one sentence for people.
std::string explain_needs(const Preset& preset);

/// Puts what the preset knows into a connection whose settings leave it open: URL, scopes, issuer
/// and the preset's name.
void apply_preset(const Preset& preset, vault::Connection& connection);

/// " Did you mean notion (Notion)? …" for a word that is near a name or part of a title; empty when
/// nothing is near.
std::string suggest_presets(std::string_view word);

}  // namespace gatehouse::cli
