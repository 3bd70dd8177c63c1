// Texts with placeholders: "Bearer ${env:TOKEN}". Parsed here, strictly; filled in by SecretReader.
// Pure. Untrusted input: bounded, and errors name the placeholder, never the text around it, which
// may be a secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatehouse::config {

enum class Source { literal, environment, file, command, keyring };

/// One run of a text: literal characters, or where to read what stands there.
struct Piece {
  Source source = Source::literal;
  std::string text;               ///< the characters, variable, path or name
  std::vector<std::string> argv;  ///< command: program and arguments
  std::string otherwise;          ///< environment: used when the variable is unset or empty
  bool has_otherwise = false;
  friend bool operator==(const Piece&, const Piece&) = default;
};

/// A text in pieces; no two literals in a row, so that equal texts have equal pieces.
struct Template {
  std::vector<Piece> pieces;

  bool is_literal() const;
  /// Of a literal template: the characters.
  std::string literal() const;
};

inline constexpr std::size_t kTemplateBytes = 64 * 1024;
inline constexpr std::size_t kPlaceholders = 32;  ///< in one text

/// ${env:NAME}, ${env:NAME:-DEFAULT}, ${file:PATH}, ${command:PROGRAM ARGUMENT…},
/// ${keyring:NAME}; `$${` stands for the characters `${`. A path is absolute or begins with ~/. A
/// command's words are separated by blanks; '…', "…" and \ quote as in a shell, which is not used.
/// Errors: invalid_argument, too_large.
Result<Template> parse_template(std::string_view text);

/// The text that parses to exactly these pieces.
std::string to_text(const Template& text);
/// A text without placeholders, escaped.
std::string escape(std::string_view literal);
/// "${env:NAME}", for error texts: a command is shown by its program only.
std::string describe(const Piece& piece);

/// The placeholders of a text one after the other, without what stands around them.
std::string describe_sources(std::string_view text);

/// The words of a command line; see parse_template. Errors: invalid_argument (open quote, empty).
Result<std::vector<std::string>> split_words(std::string_view line);
bool is_variable_name(std::string_view name);

}  // namespace gatehouse::config
