#include "upstream/attendant.hpp"

#include "base/encoding.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/versions.hpp"

namespace gatehouse::upstream {
namespace {

using namespace std::chrono_literals;
using jsonrpc::JsonView;

std::string file_uri(std::string_view directory) {
  std::string uri = "file://";
  while (!directory.empty()) {
    const std::size_t slash = directory.find('/');
    uri += percent_encode(directory.substr(0, slash));
    if (slash == std::string_view::npos) break;
    uri += '/';
    directory.remove_prefix(slash + 1);
  }
  return uri;
}

std::string_view last_part(std::string_view directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  const std::size_t slash = directory.rfind('/');
  return directory.size() == 1 ? directory : directory.substr(slash + 1);
}

/// Severity of RFC 5424, as MCP names it, on our four.
LogLevel level_of(std::string_view word) {
  if (word == "debug") return LogLevel::debug;
  if (word == "info" || word == "notice") return LogLevel::info;
  return word == "warning" ? LogLevel::warn : LogLevel::error;
}

}  // namespace

std::string make_roots_result(const std::vector<std::string>& directories) {
  std::string roots;
  for (const std::string& directory : directories) {
    roots += (roots.empty() ? "" : ",") + std::string(R"({"uri":)") +
             jsonrpc::quote(file_uri(directory)) + R"(,"name":)" +
             jsonrpc::quote(last_part(directory)) + "}";
  }
  return R"({"roots":[)" + roots + "]}";
}

mcp::ClientCapabilities with_roots(const mcp::ClientCapabilities& declared) {
  if (declared.roots) return declared;
  mcp::ClientCapabilities out = declared;
  out.roots = true;
  std::string_view rest = declared.raw;
  rest.remove_prefix(std::min(rest.size(), rest.find('{') + 1));
  bool empty = true;
  for (const jsonrpc::JsonMember& member : JsonView::of_proved(declared.raw).members())
    empty = empty && member.raw_key.empty();
  out.raw = R"({"roots":{})" + std::string(empty ? "}" : ",") + std::string(empty ? "" : rest);
  return out;
}

Attendant::Attendant(const vault::Connection& connection, Logger& log, const Clock& clock)
    : name_(connection.name), log_level_(connection.options.log_level), log_(log), clock_(clock) {
  if (!connection.options.roots.empty()) {
    roots_result_ = make_roots_result(connection.options.roots);
    capabilities_ = with_roots({});
  }
  if (logs()) {
    log_meta_ = jsonrpc::quote(mcp::kMetaLogLevel) + ":" + jsonrpc::quote(log_level_);
  }
}

Task<Result<std::string>> Attendant::answer(std::string_view method, std::string_view) {
  if (method == "roots/list" && has_roots()) co_return roots_result_;
  co_return fail(Errc::unsupported, "nobody here can answer that");
}

bool Attendant::admit_line() {
  const SteadyTime now = clock_.steady_now();
  if (lines_ == 0 || now - minute_ >= 1min) {
    minute_ = now;
    lines_ = 0;
  }
  if (++lines_ == limits::kServerLogLines + 1) {
    log_.warn("server_logs_too_much",
              {{"connection", name_}, {"limit", "kServerLogLines a minute"}});
  }
  return lines_ <= limits::kServerLogLines;
}

void Attendant::on_notification(std::string_view method, std::string_view params) {
  if (method != "notifications/message" || !logs() || !admit_line()) return;
  const JsonView view = JsonView::of_proved(params);
  const LogLevel level = level_of(view.string("level").value_or("info"));
  if (!log_.enabled(level)) return;
  const auto data = view.find("data");
  std::string text;
  if (data) text = data->as_string().value_or(std::string(data->raw()));
  log_.write(level, "server_message",
             {{"connection", name_},
              {"logger", quote_remote(view.string("logger").value_or(""), 80)},
              {"said", quote_remote(text, limits::kServerLogBytes)}});
}

CallAttendant::CallAttendant(Attendant& attendant, const mcp::Request& request,
                             mcp_client::Interaction* interaction)
    : own_roots_(attendant.has_roots()),
      attendant_(attendant),
      interaction_(interaction),
      sink_(request.sink) {
  if (request.capabilities != nullptr) {
    capabilities_ = *request.capabilities;
  } else if (interaction != nullptr) {
    capabilities_ = interaction->capabilities();
  }
  if (capabilities_.roots) own_roots_ = false;  // the requester answers for itself
  if (attendant.has_roots()) capabilities_ = with_roots(capabilities_);
}

bool CallAttendant::keeps(std::string_view method) const {
  return method == "roots/list" && own_roots_;
}

Task<Result<std::string>> CallAttendant::answer(std::string_view method, std::string_view params) {
  if (method == "roots/list" && attendant_.has_roots())
    co_return co_await attendant_.answer(method, params);
  if (interaction_ == nullptr) co_return fail(Errc::unsupported, "nobody here can answer that");
  co_return co_await interaction_->answer(method, params);
}

void CallAttendant::on_notification(std::string_view method, std::string_view params) {
  if (sink_ != nullptr) sink_->on_notification(method, params);
  attendant_.on_notification(method, params);
}

}  // namespace gatehouse::upstream
