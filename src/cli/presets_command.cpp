// gatehouse presets: the servers that `gatehouse add NAME` knows by name; nobody is contacted.
#include "cli/json_out.hpp"
#include "cli/presets.hpp"
#include "cli/services.hpp"
#include "cli/table.hpp"

namespace gatehouse::cli {
namespace {

std::string_view needs_word(Needs needs) {
  switch (needs) {
    case Needs::nothing:
      return "nothing";
    case Needs::sign_in:
      return "sign-in";
    case Needs::client:
      return "sign-in, own client";
    case Needs::key:
      return "API key";
  }
  return "nothing";
}

JsonObject preset_json(const Preset& preset) {
  JsonObject json;
  json.text("name", preset.name).text("title", preset.title).text("url", preset.url);
  json.text("needs", to_string(preset.needs)).text("explanation", explain_needs(preset));
  json.text_if("issuer", preset.issuer).text_if("scopes", preset.scopes);
  json.text_if("key_header", preset.key_header).text_if("where_to_get", preset.where_to_get);
  return json;
}

class PresetsCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "presets";
    spec.summary = "List the servers that can be added by name alone";
    spec.details =
        "Examples:\n  gatehouse presets\n  gatehouse presets --json\n  gatehouse add notion";
    spec.arguments = {{"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    std::vector<std::string> rows;
    Table table({"NAME", "NEEDS", "WHAT", "WHERE"});
    for (const Preset& preset : all_presets()) {
      rows.push_back(preset_json(preset).str());
      table.add_row({std::string(preset.name), std::string(needs_word(preset.needs)),
                     std::string(preset.title), std::string(preset.url)});
    }
    if (json_) {
      services.terminal.print(JsonObject().raw("presets", json_array(rows)).str() + "\n");
    } else {
      services.terminal.print(table.to_text(services.terminal.output_width()));
    }
    co_return Exit::done;
  }

 private:
  bool json_ = false;
};

}  // namespace

CommandPtr make_presets_command() {
  return std::make_unique<PresetsCommand>();
}

}  // namespace gatehouse::cli
