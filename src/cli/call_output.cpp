#include "cli/call_output.hpp"

#include <fmt/format.h>

#include "cli/json_out.hpp"
#include "cli/table.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/error_codes.hpp"
#include "mcp/input_required.hpp"

namespace gatehouse::cli {
namespace {

using jsonrpc::JsonView;

// One block of `content` for people; what is not text is told, not shown.
std::string block_text(const JsonView& block) {
  const std::string type = block.string("type").value_or("");
  if (type == "text") return printable_block(block.string("text").value_or("")) + "\n";
  const std::string mime = printable(block.string("mimeType").value_or("unknown type"));
  if (type == "image" || type == "audio") {
    const std::string data = block.string("data").value_or("");
    return fmt::format("[{}: {}, {} bytes; --json has it]\n", type, mime, data.size() / 4 * 3);
  }
  if (type == "resource_link")
    return fmt::format("[resource: {}]\n", printable(block.string("uri").value_or("")));
  if (type == "resource") {
    const auto resource = block.find("resource");
    if (!resource) return "[resource]\n";
    if (const auto text = resource->string("text")) return printable_block(*text) + "\n";
    return fmt::format("[resource: {}]\n", printable(resource->string("uri").value_or("")));
  }
  return pretty_json(block.raw()) + "\n";
}

}  // namespace

Exit print_result(Terminal& terminal, std::string_view raw_result, Output output) {
  const JsonView result = JsonView::of_proved(raw_result);
  const bool unfinished = mcp::result_type(raw_result) == mcp::ResultType::input_required;
  const bool failed = result.boolean("isError").value_or(false);
  if (output == Output::json) {
    terminal.print(std::string(raw_result) + "\n");
  } else if (!unfinished) {
    std::string text;
    const auto content = result.find("content");
    if (content) {
      for (const JsonView block : content->elements()) text += block_text(block);
    }
    const auto structured = result.find("structuredContent");
    if (text.empty() && structured) text = pretty_json(structured->raw()) + "\n";
    terminal.print(text);
  }
  if (unfinished) {
    terminal.note("The tool asks for input that cannot be given here; a terminal could.");
    return Exit::failed;
  }
  if (failed) terminal.note("The tool reports that it failed.");
  return failed ? Exit::failed : Exit::done;
}

Error describe_rpc_error(const mcp::RpcError& error, const std::string& connection) {
  Error told{Errc::rejected,
             fmt::format("{} answered with error {}: {}", connection, error.code,
                         quote_remote(error.message)),
             {}};
  if (error.code == mcp::kLegacyUrlElicitationRequired)
    told.hint = "run the command in a terminal: the server wants a page opened";
  return told;
}

void ProgressPrinter::on_notification(std::string_view method, std::string_view params) {
  const JsonView view = JsonView::of_proved(params.empty() ? "{}" : params);
  if (method == "notifications/progress") {
    const auto number = [&](std::string_view name) {
      const auto member = view.find(name);
      return member ? std::string(member->raw()) : std::string();
    };
    const std::string total = number("total");
    const std::string message = printable(view.string("message").value_or(""));
    terminal_.show_progress(fmt::format("{}{}{}{}", number("progress"),
                                        total.empty() ? "" : "/" + total,
                                        message.empty() ? "" : " ", message));
  } else if (method == "notifications/message") {
    const auto data = view.find("data");
    const std::string text =
        data ? data->as_string().value_or(std::string(data->raw())) : std::string();
    terminal_.note(printable(view.string("level").value_or("info")) + ": " +
                   printable(text.substr(0, 2000)));
  }
}

}  // namespace gatehouse::cli
