#include "cli/person.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "cli/table.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/schema.hpp"

namespace gatehouse::cli {
namespace {

using Type = mcp::ElicitationField::Type;

std::string option_values(const mcp::ElicitationField& field) {
  std::string out;
  for (const auto& [value, title] : field.options) out += (out.empty() ? "" : ", ") + value;
  return out;
}

bool is_option(const mcp::ElicitationField& field, std::string_view value) {
  return std::ranges::any_of(field.options, [&](const auto& o) { return o.first == value; });
}

Result<std::string> unchecked_field(const mcp::ElicitationField& field, std::string_view word) {
  switch (field.type) {
    case Type::boolean: {
      const std::string lower = ascii_lower(word);
      if (lower == "y" || lower == "yes" || lower == "true") return "true";
      if (lower == "n" || lower == "no" || lower == "false") return "false";
      return fail(Errc::invalid_argument, "please answer y or n");
    }
    case Type::number:
    case Type::integer: {
      const Result<jsonrpc::JsonView> view = jsonrpc::JsonView::parse(word, "the answer");
      const bool number = view && view->kind() == jsonrpc::JsonKind::number;
      if (!number || (field.type == Type::integer && !view->as_int()))
        return fail(Errc::invalid_argument, field.type == Type::integer
                                                ? "please give a whole number"
                                                : "please give a number");
      return std::string(view->raw());
    }
    case Type::choice:
      if (!is_option(field, word))
        return fail(Errc::invalid_argument, "please give one of: " + option_values(field));
      return jsonrpc::quote(word);
    case Type::choices: {
      std::string out;
      while (true) {
        const std::size_t comma = word.find(',');
        const std::string_view one = trim_ows(word.substr(0, comma));
        if (!is_option(field, one))
          return fail(Errc::invalid_argument, "please give some of: " + option_values(field));
        out += (out.empty() ? "[" : ",") + jsonrpc::quote(one);
        if (comma == std::string_view::npos) return out + "]";
        word.remove_prefix(comma + 1);
      }
    }
    case Type::string:
      break;
  }
  return jsonrpc::quote(word);
}

std::string label_of(const mcp::ElicitationField& field) {
  std::string label = printable(field.title.empty() ? field.name : field.title);
  if (field.type == Type::boolean) label += " (y/n)";
  if (field.type == Type::choices) label += " (some, separated by commas)";
  if (!field.required) label += " (optional)";
  return label;
}

std::string shown_default(const mcp::ElicitationField& field) {
  if (field.default_value.empty()) return {};
  const jsonrpc::JsonView view = jsonrpc::JsonView::of_proved(field.default_value);
  if (const auto text = view.as_string()) return *text;
  if (!view.is_array()) return std::string(view.raw());
  std::string out;
  for (const jsonrpc::JsonView element : view.elements()) {
    out += (out.empty() ? "" : ",") + element.as_string().value_or(std::string(element.raw()));
  }
  return out;
}

}  // namespace

Result<std::string> parse_field(const mcp::ElicitationField& field, std::string_view typed) {
  const std::string_view word = trim_ows(typed);
  if (word.empty()) {
    if (!field.default_value.empty()) return field.default_value;
    if (field.required) return fail(Errc::invalid_argument, "this one is needed");
    return std::string();
  }
  Result<std::string> raw = unchecked_field(field, word);
  if (!raw || field.schema.empty()) return raw;
  const Result<std::unique_ptr<mcp::Schema>> schema = mcp::Schema::compile(field.schema);
  if (!schema) return raw;  // the server will say what it does not like
  const std::vector<mcp::SchemaProblem> problems = (*schema)->validate(*raw, "", 1);
  if (!problems.empty()) return fail(Errc::invalid_argument, problems.front().message);
  return raw;
}

PersonAtTerminal::PersonAtTerminal(Terminal& terminal, Browser& browser)
    : terminal_(terminal), browser_(browser) {}

void PersonAtTerminal::configure(Forms forms) {
  forms_ = forms;
  const bool person = terminal_.can_ask();
  capabilities_ = mcp::make_client_capabilities(
      forms == Forms::defaults || (forms == Forms::ask && person), person && forms != Forms::none);
}

Task<Result<std::string>> PersonAtTerminal::answer(std::string_view method,
                                                   std::string_view params) {
  if (method != "elicitation/create")
    co_return fail(Errc::unsupported, "the command line does not answer this");
  Result<mcp::Elicitation> elicitation = mcp::parse_elicitation(params);
  if (!elicitation) co_return std::unexpected(elicitation.error());
  Result<std::string> given = elicitation->mode == mcp::ElicitationMode::url
                                  ? co_await open_link(std::move(*elicitation))
                                  : co_await fill_form(std::move(*elicitation));
  if (!given && given.error().code == Errc::cancelled) co_return mcp::make_cancel();
  co_return given;
}

Task<Result<std::string>> PersonAtTerminal::fill_form(mcp::Elicitation elicitation) {
  if (forms_ == Forms::defaults) {
    const bool complete = std::ranges::all_of(elicitation.fields, [](const auto& field) {
      return !field.required || !field.default_value.empty();
    });
    if (!complete) {
      terminal_.note("A form of the server has fields without a default; it is declined: " +
                     printable(elicitation.message));
      co_return mcp::make_decline();
    }
    co_return mcp::make_accept(elicitation);
  }
  if (!capabilities_.elicitation_form) co_return mcp::make_decline();
  terminal_.note("The server asks (its words): " + printable(elicitation.message));
  std::string content;
  for (const mcp::ElicitationField& field : elicitation.fields) {
    Result<std::string> raw = co_await ask_field(field);
    if (!raw) co_return std::unexpected(raw.error());
    if (raw->empty()) continue;
    content += (content.empty() ? "{" : ",") + jsonrpc::quote(field.name) + ":" + *raw;
  }
  Result<Answer> send = co_await confirm(terminal_, "Send this?", Answer::yes, "");
  if (!send) co_return std::unexpected(send.error());
  if (*send == Answer::no) co_return mcp::make_decline();
  co_return mcp::make_accept(elicitation, content.empty() ? "{}" : content + "}");
}

Task<Result<std::string>> PersonAtTerminal::ask_field(mcp::ElicitationField field) {
  if (!field.description.empty()) terminal_.note("  " + printable(field.description));
  for (const auto& [value, title] : field.options) {
    const bool same = title.empty() || title == value;
    terminal_.note("  " + printable(value) + (same ? "" : "  " + printable(title)));
  }
  while (true) {
    Result<std::string> typed =
        co_await ask(terminal_, label_of(field), shown_default(field), "--accept-defaults");
    if (!typed) co_return std::unexpected(typed.error());
    const bool untouched = *typed == shown_default(field);
    Result<std::string> raw = parse_field(field, untouched ? std::string_view() : *typed);
    if (raw) co_return raw;
    terminal_.note(raw.error().detail);
  }
}

Task<Result<std::string>> PersonAtTerminal::open_link(mcp::Elicitation elicitation) {
  if (!capabilities_.elicitation_url) co_return mcp::make_decline();
  terminal_.note("The server asks you to open a page (its words): " +
                 printable(elicitation.message));
  terminal_.note("  " + printable(elicitation.url));
  Result<Answer> agreed = co_await confirm(terminal_, "Open it?", Answer::no, "");
  if (!agreed) co_return std::unexpected(agreed.error());
  if (*agreed == Answer::no) co_return mcp::make_decline();
  if (browser_.available()) {
    const Result<void> opened = browser_.open(elicitation.url);
    if (!opened) terminal_.note(describe(opened.error()));
  } else {
    terminal_.note("There is no browser here: open the address where one is.");
  }
  co_return mcp::make_accept(elicitation);
}

}  // namespace gatehouse::cli
