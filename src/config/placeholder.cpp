#include "config/placeholder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace gatehouse::config {
namespace {

constexpr std::string_view kForms =
    "write ${env:NAME}, ${file:PATH}, ${command:PROGRAM ARGUMENTS} or ${keyring:NAME}; $${ stands "
    "for the characters ${";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_printable_text(std::string_view text) {
  return is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Where the placeholder that begins behind "${" ends: the index of its brace. A command's quotes
/// may hold braces.
std::size_t find_end(std::string_view inside) {
  const bool quotes = inside.starts_with("command:");
  char quote = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const char c = inside[i];
    if (quotes && c == '\\' && quote != '\'') {
      ++i;
    } else if (quotes && quote != 0) {
      if (c == quote) quote = 0;
    } else if (quotes && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '}') {
      return i;
    }
  }
  return std::string_view::npos;
}

Result<Piece> environment_piece(std::string_view body) {
  Piece piece{Source::environment, {}, {}, {}, false};
  if (const std::size_t otherwise = body.find(":-"); otherwise != std::string_view::npos) {
    piece.otherwise = std::string(body.substr(otherwise + 2));
    piece.has_otherwise = true;
    body = body.substr(0, otherwise);
  }
  if (!is_variable_name(body)) {
    return fail(Errc::invalid_argument, "${env:…} does not name an environment variable",
                "a variable's name has letters, digits and _, as in ${env:API_KEY}");
  }
  piece.text = std::string(body);
  return piece;
}

Result<Piece> file_piece(std::string_view path) {
  const bool rooted = path.starts_with("/") || (path.starts_with("~/") && path.size() > 2);
  if (!rooted || !is_printable_text(path) || path.size() > 4096) {
    return fail(Errc::invalid_argument, "${file:…} does not name a file",
                "give an absolute path, or one that begins with ~/");
  }
  return Piece{Source::file, std::string(path), {}, {}, false};
}

Result<Piece> command_piece(std::string_view line) {
  Result<std::vector<std::string>> words = split_words(line);
  if (!words) return std::unexpected(words.error());
  return Piece{Source::command, {}, std::move(*words), {}, false};
}

Result<Piece> keyring_piece(std::string_view name) {
  if (name.empty() || name.size() > 200 || !is_printable_text(name))
    return fail(Errc::invalid_argument, "${keyring:…} does not name an entry of the keyring",
                "give the name it was stored under, at most 200 characters");
  return Piece{Source::keyring, std::string(name), {}, {}, false};
}

Result<Piece> parse_piece(std::string_view inside) {
  const std::size_t colon = inside.find(':');
  const std::string_view scheme = inside.substr(0, colon);
  const std::string_view body =
      colon == std::string_view::npos ? std::string_view() : inside.substr(colon + 1);
  if (colon != std::string_view::npos) {
    if (scheme == "env") return environment_piece(body);
    if (scheme == "file") return file_piece(body);
    if (scheme == "command") return command_piece(body);
    if (scheme == "keyring") return keyring_piece(body);
  }
  return fail(Errc::invalid_argument,
              fmt::format("there is no placeholder of the kind {}", quote_remote(scheme, 30)),
              std::string(kForms));
}

std::string quote_word(std::string_view word) {
  const bool plain = !word.empty() && std::ranges::none_of(word, [](char c) {
    return is_blank(c) || c == '\'' || c == '"' || c == '\\' || c == '}';
  });
  if (plain) return std::string(word);
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string inside_of(const Piece& piece) {
  switch (piece.source) {
    case Source::literal:
      return {};
    case Source::environment:
      return "env:" + piece.text + (piece.has_otherwise ? ":-" + piece.otherwise : "");
    case Source::file:
      return "file:" + piece.text;
    case Source::command: {
      std::string line;
      for (const std::string& word : piece.argv)
        line += (line.empty() ? "" : " ") + quote_word(word);
      return "command:" + line;
    }
    case Source::keyring:
      return "keyring:" + piece.text;
  }
  return {};
}

}  // namespace

bool Template::is_literal() const {
  return std::ranges::all_of(pieces,
                             [](const Piece& piece) { return piece.source == Source::literal; });
}

std::string Template::literal() const {
  return pieces.empty() ? std::string() : pieces.front().text;
}

Result<Template> parse_template(std::string_view text) {
  if (text.size() > kTemplateBytes)
    return fail(Errc::too_large, fmt::format("the text is longer than {} bytes", kTemplateBytes));
  Template out;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty())
      out.pieces.push_back({Source::literal, std::move(literal), {}, {}, false});
    literal.clear();
  };
  std::size_t placeholders = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 3) == "$${") {
      literal += "${";
      i += 3;
      continue;
    }
    if (text.substr(i, 2) != "${") {
      literal += text[i++];
      continue;
    }
    const std::string_view inside = text.substr(i + 2);
    const std::size_t end = find_end(inside);
    if (end == std::string_view::npos)
      return fail(Errc::invalid_argument, "a placeholder has no closing brace",
                  std::string(kForms));
    Result<Piece> piece = parse_piece(inside.substr(0, end));
    if (!piece) return std::unexpected(piece.error());
    if (++placeholders > kPlaceholders)
      return fail(Errc::too_large,
                  fmt::format("the text has more than {} placeholders", kPlaceholders));
    flush();
    out.pieces.push_back(std::move(*piece));
    i += 2 + end + 1;
  }
  flush();
  return out;
}

std::string escape(std::string_view literal) {
  std::string out;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal.substr(i, 2) == "${") out += '$';
    out += literal[i];
  }
  return out;
}

std::string to_text(const Template& text) {
  std::string out;
  for (const Piece& piece : text.pieces)
    out += piece.source == Source::literal ? escape(piece.text) : "${" + inside_of(piece) + "}";
  return out;
}

std::string describe(const Piece& piece) {
  if (piece.source == Source::command) {
    const std::string program = piece.argv.empty() ? "" : quote_word(piece.argv.front());
    return "${command:" + program + (piece.argv.size() > 1 ? " …}" : "}");
  }
  if (piece.source == Source::environment) return "${env:" + piece.text + "}";
  return piece.source == Source::literal ? "a text" : "${" + inside_of(piece) + "}";
}

std::string describe_sources(std::string_view text) {
  const Result<Template> parsed = parse_template(text);
  if (!parsed) return "a reference that cannot be read";
  std::string out;
  for (const Piece& piece : parsed->pieces)
    if (piece.source != Source::literal) out += (out.empty() ? "" : " ") + describe(piece);
  return out;
}

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;  // a word has begun, if only with ''
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      open = true;
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      open = true;
    } else if (is_blank(c)) {
      if (open) words.push_back(std::move(word));
      word.clear();
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (quote != 0) return fail(Errc::invalid_argument, "a command's quote is not closed");
  if (open) words.push_back(std::move(word));
  if (words.empty() || words.front().empty())
    return fail(Errc::invalid_argument, "the command is empty", "command:PROGRAM ARGUMENTS");
  return words;
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && name.size() <= 256 && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace gatehouse::config
