// Tools that answer by themselves: each kind of content, progress, logging, list changes, headers.
#include <chrono>

#include "async/timer.hpp"
#include "fixture_server/fixture.hpp"
#include "fixture_server/followers.hpp"

namespace gatehouse::fixture {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kSilence =
    "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

constexpr std::string_view kManyKeywords =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
    R"("$defs":{"address":{"$anchor":"addressDef","type":"object",)"
    R"("properties":{"street":{"type":"string"},"city":{"type":"string"}}}},)"
    R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
    R"("contactMethod":{"type":"string","enum":["phone","email"]},)"
    R"("phone":{"type":"string"},"email":{"type":"string"}},)"
    R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
    R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
    R"("then":{"required":["phone"]},"else":{"required":["email"]},)"
    R"("additionalProperties":false})";

std::string image_block() {
  return fmt::format(R"({{"type":"image","data":"{}","mimeType":"image/png"}})", kRedPixel);
}

Task<Reply> simple_text(Context&, Call&, JsonView) {
  co_return text("This is a simple text response for testing.");
}

Task<Reply> image(Context&, Call&, JsonView) {
  co_return result(R"("content":[)" + image_block() + "]");
}

Task<Reply> audio(Context&, Call&, JsonView) {
  co_return result(fmt::format(
      R"("content":[{{"type":"audio","data":"{}","mimeType":"audio/wav"}}])", kSilence));
}

Task<Reply> embedded_resource(Context&, Call&, JsonView) {
  co_return result(R"("content":[{"type":"resource","resource":{"uri":"test://embedded-resource",)"
                   R"("mimeType":"text/plain","text":"This is an embedded resource content."}}])");
}

Task<Reply> several_contents(Context&, Call&, JsonView) {
  co_return result(
      R"("content":[{"type":"text","text":"Multiple content types test:"},)" + image_block() +
      R"(,{"type":"resource","resource":{"uri":"test://mixed-content-resource",)"
      R"("mimeType":"application/json","text":"{\"test\":\"data\",\"value\":123}"}}])");
}

Task<Reply> intended_error(Context&, Call&, JsonView) {
  co_return tool_error("This tool intentionally returns an error for testing");
}

/// False when the client gave up meanwhile.
Task<bool> log(Call& call, std::string_view words) {
  co_await call.notify(
      "notifications/message",
      fmt::format(R"({{"level":"info","logger":"fixture","data":{}}})", jsonrpc::quote(words)));
  co_return !call.cancelled().cancelled();
}

Task<Reply> with_logging(Context&, Call& call, JsonView) {
  for (const char* words : {"Tool execution started", "Tool processing data"}) {
    if (!co_await log(call, words)) break;
    co_await sleep_for(milliseconds(50));
  }
  co_await log(call, "Tool execution completed");
  co_return text("Tool with logging executed successfully");
}

Task<Reply> log_once(Context&, Call& call, JsonView) {
  co_await log(call, "Diagnostic message");
  co_return text("Logging evaluated");
}

Task<Reply> with_progress(Context&, Call& call, JsonView) {
  const auto token =
      call.meta().empty() ? std::nullopt : JsonView::of_proved(call.meta()).find("progressToken");
  for (const int done : {0, 50, 100}) {
    if (done != 0) co_await sleep_for(milliseconds(50));
    if (!token || call.cancelled().cancelled()) continue;
    co_await call.notify(
        "notifications/progress",
        fmt::format(
            R"({{"progressToken":{},"progress":{},"total":100,"message":"Completed {} of 100"}})",
            token->raw(), done, done));
  }
  co_return text(token ? token->raw() : "no progress token");
}

/// Progress without anything asked: the stream carries notifications and the answer, no requests.
Task<Reply> streaming(Context& context, Call& call, JsonView arguments) {
  co_await with_progress(context, call, arguments);
  co_return text("Streaming complete");
}

Task<Reply> change_tools(Context& context, Call&, JsonView) {
  context.followers.tools_changed();
  co_return text("Mutation triggered");
}

Task<Reply> change_prompts(Context& context, Call&, JsonView) {
  context.followers.prompts_changed();
  co_return text("Mutation triggered");
}

Task<Reply> touch_resource(Context& context, Call&, JsonView) {
  context.followers.resource_updated("test://watched-resource");
  co_return text("test://watched-resource was updated");
}

Task<Reply> echo_contact(Context&, Call& call, JsonView) {
  co_return text("JSON Schema 2020-12 tool called with: " + std::string(call.arguments()));
}

Task<Reply> echo_region(Context&, Call&, JsonView arguments) {
  co_return text("Region: " + arguments.string("region").value_or("none"));
}

Task<Reply> reconnect(Context&, Call& call, JsonView) {
  co_await call.close_stream();
  co_await sleep_for(milliseconds(100));
  co_return text("Reconnection test completed successfully.");
}

}  // namespace

std::vector<Tool> content_tools() {
  return {
      {"test_simple_text", "A text", kNoArguments, simple_text},
      {"test_image_content", "An image", kNoArguments, image},
      {"test_audio_content", "A sound", kNoArguments, audio},
      {"test_embedded_resource", "An embedded resource", kNoArguments, embedded_resource},
      {"test_multiple_content_types", "A text, an image and a resource", kNoArguments,
       several_contents},
      {"test_error_handling", "Fails, always", kNoArguments, intended_error},
      {"test_tool_with_logging", "Logs three messages", kNoArguments, with_logging},
      {"test_logging_tool", "Logs one message", kNoArguments, log_once},
      {"test_tool_with_progress", "Reports progress", kNoArguments, with_progress},
      {"test_streaming_elicitation", "Answers over a stream", kNoArguments, streaming},
      {"test_trigger_tool_change", "Says that the tools changed", kNoArguments, change_tools},
      {"test_trigger_prompt_change", "Says that the prompts changed", kNoArguments, change_prompts},
      {"test_touch_watched_resource", "Says that test://watched-resource was updated", kNoArguments,
       touch_resource},
      {"json_schema_2020_12_tool", "Arguments with many keywords of JSON Schema 2020-12",
       kManyKeywords, echo_contact},
      {"test_header_parameter", "An argument that is mirrored in a header",
       R"({"type":"object","properties":{"region":{"type":"string","description":"Where to","x-mcp-header":"Region"}}})",
       echo_region},
      {"test_reconnection", "Closes its stream and answers when the client is back", kNoArguments,
       reconnect},
  };
}

}  // namespace gatehouse::fixture
