#include "cli/changed_tools.hpp"

#include <fmt/format.h>

#include "catalog/definition.hpp"
#include "cli/connections.hpp"
#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "identity/tool_filter.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::size_t kValueBytes = 600;   // of one value that is shown
constexpr std::size_t kContextBytes = 48;  // of what stayed the same, before and after
constexpr std::size_t kWordsBytes = 6000;  // of one text with its differences

std::optional<MemberId> owner_of(const vault::Connection& connection) {
  if (connection.mode == vault::CredentialMode::per_member) return local_member();
  return std::nullopt;
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string_view head_of(std::string_view text, std::size_t bytes) {
  while (bytes > 0 && bytes < text.size() && continues(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::string_view tail_of(std::string_view text, std::size_t bytes) {
  std::size_t from = text.size() - std::min(bytes, text.size());
  while (from < text.size() && continues(text[from])) ++from;
  return text.substr(from);
}

// Only what is near a difference says something.
std::string shortened(std::string_view same, bool first, bool last) {
  if (same.size() <= 2 * kContextBytes + 8) return printable(same);
  std::string out;
  if (!first) out += printable(head_of(same, kContextBytes));
  out += " … ";
  if (!last) out += printable(tail_of(same, kContextBytes));
  return out;
}

std::string words_text(std::string_view before, std::string_view after) {
  const std::vector<catalog::WordRun> runs = catalog::diff_words(before, after);
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string_view text = runs[i].text;
    switch (runs[i].what) {
      case catalog::WordRun::What::same:
        out += shortened(text, i == 0, i + 1 == runs.size());
        break;
      case catalog::WordRun::What::removed:
        out += "[-" + terminal::printable_bounded(text, kWordsBytes) + "-]";
        break;
      case catalog::WordRun::What::added:
        out += "{+" + terminal::printable_bounded(text, kWordsBytes) + "+}";
        break;
    }
    if (out.size() > kWordsBytes) return out + " …";
  }
  return out;
}

std::string value_text(std::string_view raw) {
  return terminal::printable_bounded(raw, kValueBytes);
}

std::string_view word(catalog::DefinitionChange::What what) {
  switch (what) {
    case catalog::DefinitionChange::What::added:
      return "added";
    case catalog::DefinitionChange::What::removed:
      return "removed";
    case catalog::DefinitionChange::What::changed:
      break;
  }
  return "changed";
}

void append_change(std::string& out, const catalog::DefinitionChange& change) {
  out +=
      fmt::format("  {:<8} {}\n", word(change.what), terminal::printable_bounded(change.path, 200));
  const auto view = [](const std::string& raw) {
    return raw.empty() ? jsonrpc::JsonView() : jsonrpc::JsonView::of_proved(raw);
  };
  const jsonrpc::JsonView before = view(change.before);
  const jsonrpc::JsonView after = view(change.after);
  if (before.is_string() && after.is_string()) {
    out += "           " +
           words_text(before.as_string().value_or(""), after.as_string().value_or("")) + "\n";
    return;
  }
  if (!change.before.empty()) out += "         - " + value_text(change.before) + "\n";
  if (!change.after.empty()) out += "         + " + value_text(change.after) + "\n";
}

std::string full_name(const vault::Connection& connection, const vault::Pin& pin) {
  return connection.name + "." + pin.name;
}

}  // namespace

Task<Result<std::vector<vault::Pin>>> waiting_tools(Services& services,
                                                    vault::Connection connection) {
  Result<std::vector<vault::Pin>> pins = co_await services.store.connections().load_pins(
      connection.organization, connection.id, owner_of(connection),
      vault::ConnectionStore::Pins::waiting);
  if (!pins) co_return pins;
  std::erase_if(*pins, [&](const vault::Pin& pin) {
    return pin.kind != "tool" || !identity::allows_tool(connection.options.tools, pin.name);
  });
  co_return pins;
}

Task<Result<void>> accept_tools(Services& services, vault::Connection connection,
                                std::vector<vault::Pin> pins) {
  vault::PinChanges changes{.owner = owner_of(connection)};
  for (const vault::Pin& pin : pins) {
    vault::PinChange& change = changes.changes.emplace_back();
    change.what = vault::PinChange::What::replace;
    change.was_digest = pin.digest;
    change.was_found_digest = pin.found_digest;
    change.pin = {.kind = pin.kind,
                  .name = pin.name,
                  .digest = pin.found_digest,
                  .definition = pin.found_definition,
                  .pinned_at = services.clock.now()};
  }
  const Result<std::size_t> made = co_await services.store.connections().change_pins(
      connection.organization, connection.id, std::move(changes));
  if (!made) co_return std::unexpected(made.error());
  for (const vault::Pin& pin : pins)
    services.log.info("capability_approved",
                      {{"connection", connection.name}, {"tool", quote_remote(pin.name, 120)}});
  if (*made == pins.size()) co_return Result<void>{};
  co_return fail(Errc::conflict,
                 fmt::format("{} of {} tools of {} have changed again", pins.size() - *made,
                             pins.size(), connection.name),
                 fmt::format("gatehouse tools {} --changed", connection.name));
}

std::string describe_change(const vault::Connection& connection, const vault::Pin& pin,
                            SystemTime now) {
  const bool blocks = connection.options.on_change == vault::OnChange::block;
  const std::string found = pin.found_at ? ago(*pin.found_at, now) : std::string();
  std::string out = printable(full_name(connection, pin));
  if (pin.digest.empty()) {
    out += fmt::format("  new, seen {}{}\n", found, blocks ? "; blocked until approved" : "");
    const auto view = jsonrpc::JsonView::of_proved(pin.found_definition);
    out += "  says     " +
           terminal::printable_bounded(view.string("description").value_or(""), kWordsBytes) + "\n";
    const auto schema = view.find("inputSchema");
    if (schema) out += "  takes    " + value_text(schema->raw()) + "\n";
    return out;
  }
  out += fmt::format("  changed {}, accepted {}{}\n", found, ago(pin.pinned_at, now),
                     blocks ? "; blocked until approved" : "");
  const auto changes = catalog::diff_definitions(pin.definition, pin.found_definition);
  for (const catalog::DefinitionChange& change : changes) append_change(out, change);
  if (changes.size() == catalog::kMostChanges) out += "  … and more\n";
  return out;
}

std::string change_json(const vault::Connection& connection, const vault::Pin& pin) {
  std::vector<std::string> changes;
  if (!pin.digest.empty()) {
    for (const auto& change : catalog::diff_definitions(pin.definition, pin.found_definition)) {
      JsonObject one;
      one.text("path", change.path).text("what", word(change.what));
      if (!change.before.empty()) one.raw("before", change.before);
      if (!change.after.empty()) one.raw("after", change.after);
      changes.push_back(one.str());
    }
  }
  JsonObject json;
  json.text("name", full_name(connection, pin));
  json.text("connection", connection.name).text("tool", pin.name);
  json.text("change", pin.digest.empty() ? "new" : "changed");
  json.flag("blocked", connection.options.on_change == vault::OnChange::block);
  json.time("found_at", pin.found_at);
  if (!pin.digest.empty()) json.time("accepted_at", pin.pinned_at);
  json.raw("changes", json_array(changes));
  if (!pin.digest.empty()) json.raw("accepted", pin.definition);
  json.raw("found", pin.found_definition);
  return json.str();
}

std::string waiting_note(const vault::Connection& connection, std::size_t waiting) {
  const bool blocks = connection.options.on_change == vault::OnChange::block;
  return fmt::format("{} tool{} of {} changed since {} accepted{}: gatehouse tools {} --changed",
                     waiting, waiting == 1 ? "" : "s", connection.name,
                     waiting == 1 ? "it was" : "they were", blocks ? " and blocked" : "",
                     connection.name);
}

}  // namespace gatehouse::cli
