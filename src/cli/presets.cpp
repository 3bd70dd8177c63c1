#include "cli/presets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "cli/nearest.hpp"

namespace gatehouse::cli {
namespace {

constexpr std::array kPresets{
    Preset{.name = "asana",
           .title = "Asana",
           .url = "https://mcp.asana.com/v2/mcp",
           .needs = Needs::client,
           .where_to_get = "https://app.asana.com/0/my-apps",
           .note = "Make an app of the type \"MCP app\"; its refresh tokens are good for one use."},
    Preset{.name = "atlassian",
           .title = "Atlassian (Jira, Confluence, Compass)",
           .url = "https://mcp.atlassian.com/v1/mcp/authv2",
           .needs = Needs::sign_in,
           .note = "The older https://mcp.atlassian.com/v1/sse is no longer supported; an "
                   "administrator of the site may have to allow localhost sign-ins first."},
    Preset{.name = "cloudflare",
           .title = "Cloudflare API",
           .url = "https://mcp.cloudflare.com/mcp",
           .needs = Needs::sign_in,
           .note = "The whole API behind two tools."},
    Preset{.name = "cloudflare-bindings",
           .title = "Cloudflare Workers bindings",
           .url = "https://bindings.mcp.cloudflare.com/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "cloudflare-builds",
           .title = "Cloudflare Workers builds",
           .url = "https://builds.mcp.cloudflare.com/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "cloudflare-docs",
           .title = "Cloudflare documentation",
           .url = "https://docs.mcp.cloudflare.com/mcp",
           .needs = Needs::nothing},
    Preset{.name = "cloudflare-observability",
           .title = "Cloudflare logs and analytics",
           .url = "https://observability.mcp.cloudflare.com/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "context7",
           .title = "Context7 (documentation of libraries)",
           .url = "https://mcp.context7.com/mcp",
           .needs = Needs::nothing,
           .note = "A key in the header CONTEXT7_API_KEY raises its limits."},
    Preset{.name = "exa",
           .title = "Exa (web search)",
           .url = "https://mcp.exa.ai/mcp",
           .needs = Needs::key,
           .key_header = "x-api-key",
           .key_variable = "EXA_API_KEY",
           .where_to_get = "https://dashboard.exa.ai/api-keys"},
    Preset{
        .name = "github",
        .title = "GitHub",
        .url = "https://api.githubcopilot.com/mcp/",
        .needs = Needs::client,
        .issuer = "https://github.com/login/oauth",
        .where_to_get = "https://github.com/settings/developers",
        .note = "Instead of a client, a personal access token will do: --bearer env:GITHUB_TOKEN."},
    Preset{.name = "granola",
           .title = "Granola (meeting notes)",
           .url = "https://mcp.granola.ai/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "linear",
           .title = "Linear",
           .url = "https://mcp.linear.app/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "notion",
           .title = "Notion",
           .url = "https://mcp.notion.com/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "polar",
           .title = "Polar (payments)",
           .url = "https://mcp.polar.sh/mcp/polar-mcp",
           .needs = Needs::sign_in},
    Preset{.name = "render",
           .title = "Render (hosting)",
           .url = "https://mcp.render.com/mcp",
           .needs = Needs::key,
           .key_header = "Authorization",
           .key_prefix = "Bearer ",
           .key_variable = "RENDER_API_KEY",
           .where_to_get = "https://dashboard.render.com/settings#api-keys"},
    Preset{.name = "sentry",
           .title = "Sentry",
           .url = "https://mcp.sentry.dev/mcp",
           .needs = Needs::sign_in},
    Preset{.name = "slack",
           .title = "Slack",
           .url = "https://mcp.slack.com/mcp",
           .needs = Needs::client,
           .scopes = "search:read.public search:read.private search:read.im search:read.mpim "
                     "search:read.files chat:write channels:history groups:history im:history "
                     "mpim:history users:read",
           .issuer = "https://mcp.slack.com",
           .where_to_get = "https://api.slack.com/apps",
           .note = "Slack sends people back to https addresses only."},
    Preset{.name = "stripe",
           .title = "Stripe",
           .url = "https://mcp.stripe.com",
           .needs = Needs::sign_in},
};

}  // namespace

std::span<const Preset> all_presets() {
  return kPresets;
}

const Preset* find_preset(std::string_view name) {
  const auto found = std::ranges::find(kPresets, name, &Preset::name);
  return found == kPresets.end() ? nullptr : &*found;
}

std::string_view to_string(Needs needs) {
  switch (needs) {
    case Needs::nothing:
      return "nothing";
    case Needs::sign_in:
      return "sign_in";
    case Needs::client:
      return "client";
    case Needs::key:
      return "key";
  }
  return "nothing";
}

std::string explain_needs(const Preset& preset) {
  std::string text;
  switch (preset.needs) {
    case Needs::nothing:
      text = fmt::format("{} needs no sign-in.", preset.title);
      break;
    case Needs::sign_in:
      text = fmt::format("{} needs a sign-in in a browser; Gatehouse registers itself there.",
                         preset.title);
      break;
    case Needs::client:
      text = fmt::format(
          "{} needs an OAuth client that you register first, at {}; then give --client-id and, if "
          "it has a secret, --client-secret-file.",
          preset.title, preset.where_to_get);
      break;
    case Needs::key:
      text = fmt::format("{} needs an API key from {}; it is sent in the header {}.", preset.title,
                         preset.where_to_get, preset.key_header);
      break;
  }
  if (!preset.note.empty()) text += " " + std::string(preset.note);
  return text;
}

void apply_preset(const Preset& preset, vault::Connection& connection) {
  connection.preset = preset.name;
  if (connection.url.empty()) connection.url = preset.url;
  if (connection.oauth.issuer.empty()) connection.oauth.issuer = preset.issuer;
  if (!connection.oauth.scopes.empty()) return;
  for (std::string_view rest = preset.scopes; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    connection.oauth.scopes.emplace_back(rest.substr(0, space));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
}

std::string suggest_presets(std::string_view word) {
  const std::string wanted = ascii_lower(word);
  if (wanted.empty()) return {};
  std::vector<std::string> names;
  std::string near;
  for (const Preset& preset : kPresets) {
    names.emplace_back(preset.name);
    const bool within =
        wanted.size() >= 3 && ascii_lower(preset.title).find(wanted) != std::string::npos;
    if (within) near += (near.empty() ? "" : ", ") + std::string(preset.name);
  }
  if (!near.empty()) return fmt::format(" Did you mean {}?", near);
  return suggestion(wanted, names);
}

}  // namespace gatehouse::cli
