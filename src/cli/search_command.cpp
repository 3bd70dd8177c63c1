// gatehouse search: ranks the stored tools of all connections; nobody is contacted.
#include <fmt/format.h>

#include <charconv>

#include "catalog/index.hpp"
#include "cli/connections.hpp"
#include "cli/table.hpp"
#include "cli/tool_view.hpp"
#include "gateway/directory.hpp"
#include "identity/tool_filter.hpp"

namespace gatehouse::cli {
namespace {

using Catalogs = std::vector<std::shared_ptr<const catalog::ConnectionCatalog>>;

struct Known {
  Catalogs catalogs;
  std::size_t waiting = 0;  ///< connections that a person must sign in to
};

Task<Result<Known>> load_catalogs(Services& services, std::string only) {
  const OrganizationId organization = organization_of(services);
  Result<std::vector<vault::Connection>> all =
      co_await services.store.connections().list(organization);
  if (!all) co_return std::unexpected(all.error());
  Known known;
  for (const vault::Connection& connection : *all) {
    if (!identity::is_served(connection)) continue;
    const Result<vault::ConnectionState> state =
        co_await services.store.connections().load_state(organization, connection.id);
    if (!state) co_return std::unexpected(state.error());
    if (state->health == vault::Health::sign_in_required &&
        (only.empty() || only == connection.name))
      ++known.waiting;
    Result<std::optional<vault::StoredCatalog>> stored =
        co_await services.store.connections().load_catalog(organization, connection.id,
                                                           local_member());
    if (!stored) co_return std::unexpected(stored.error());
    if (!*stored) continue;
    std::vector<catalog::Capability> capabilities;
    for (const std::string& raw : allowed_tools(connection, std::move(**stored)).tools) {
      if (auto capability = gateway::to_capability(connection.name, raw))
        capabilities.push_back(std::move(*capability));
    }
    known.catalogs.push_back(catalog::ConnectionCatalog::make(std::move(capabilities)));
  }
  co_return known;
}

std::string words_of(const catalog::Capability& capability) {
  const std::string& text =
      capability.description.empty() ? capability.title : capability.description;
  return std::string(catalog::first_sentence(text, 200));
}

class SearchCommand final : public Command {
 public:
  CommandSpec spec() override {
    CommandSpec spec;
    spec.name = "search";
    spec.summary = "Find tools by what they do";
    spec.details = R"(Examples:
  gatehouse search "create a page"
  gatehouse search issue --connection github --limit 5
  gatehouse search "send mail" --json)";
    spec.arguments = {{"query", "Words", &query_, Argument::Presence::required},
                      {"--connection", "Only this connection", &connection_},
                      {"--limit", "At most so many (10)", &limit_},
                      {"--json", "Print JSON", &json_}};
    return spec;
  }

  Task<Result<Exit>> run(Services& services) override {
    Result<std::size_t> limit = parse_limit();
    if (!limit) co_return std::unexpected(limit.error());
    if (!connection_.empty()) {
      Result<vault::Connection> known = co_await require_connection(services, connection_);
      if (!known) co_return std::unexpected(known.error());
    }
    Result<Known> known = co_await load_catalogs(services, connection_);
    if (!known) co_return std::unexpected(known.error());
    const catalog::Index index(std::move(known->catalogs));
    catalog::SearchOptions options;
    options.limit = *limit;
    options.connection = connection_;
    print(services.terminal, index.search(fmt::format("{}", fmt::join(query_, " ")), options),
          index.size());
    if (known->waiting > 0) {
      services.terminal.note(fmt::format("{} for a sign-in: gatehouse status",
                                         known->waiting == 1
                                             ? "1 connection waits"
                                             : fmt::format("{} connections wait", known->waiting)));
    }
    co_return Exit::done;
  }

 private:
  Result<std::size_t> parse_limit() const {
    std::size_t limit = 10;
    if (limit_.empty()) return limit;
    const auto [end, error] = std::from_chars(limit_.data(), limit_.data() + limit_.size(), limit);
    const bool whole = error == std::errc() && end == limit_.data() + limit_.size();
    if (whole && limit >= 1 && limit <= limits::kSearchLimit) return limit;
    return fail(Errc::invalid_argument,
                fmt::format("--limit takes a number from 1 to {}", limits::kSearchLimit));
  }

  void print(Terminal& terminal, const std::vector<catalog::Hit>& hits, std::size_t known) const {
    if (json_) {
      std::vector<std::string> rows;
      for (const catalog::Hit& hit : hits) {
        rows.push_back(JsonObject()
                           .text("name", hit.capability->name)
                           .text_if("title", hit.capability->title)
                           .text("description", words_of(*hit.capability))
                           .text("risk", catalog::to_string(hit.capability->risk))
                           .str());
      }
      terminal.print(JsonObject().raw("results", json_array(rows)).str() + "\n");
      return;
    }
    Table table({"TOOL", "RISK", "WHAT IT DOES"});
    for (const catalog::Hit& hit : hits) {
      table.add_row({hit.capability->name, std::string(catalog::to_string(hit.capability->risk)),
                     words_of(*hit.capability)});
    }
    if (!table.empty()) {
      terminal.print(table.to_text(terminal.output_width()));
    } else {
      terminal.note(known == 0 ? "No tools are known yet: gatehouse add NAME URL"
                               : fmt::format("None of {} tools fits.", known));
    }
  }

  std::vector<std::string> query_;
  std::string connection_;
  std::string limit_;
  bool json_ = false;
};

}  // namespace

CommandPtr make_search_command() {
  return std::make_unique<SearchCommand>();
}

}  // namespace gatehouse::cli
