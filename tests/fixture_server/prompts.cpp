// The prompts.
#include "fixture_server/conversation.hpp"

namespace gatehouse::fixture {
namespace {

std::string text_message(std::string_view words) {
  return fmt::format(R"({{"role":"user","content":{{"type":"text","text":{}}}}})",
                     jsonrpc::quote(words));
}

Reply messages(const std::string& list) {
  return result(R"("messages":[)" + list + "]");
}

Task<Reply> simple(Context&, Call&, JsonView) {
  co_return messages(text_message("This is a simple prompt for testing."));
}

Task<Reply> with_arguments(Context&, Call&, JsonView arguments) {
  co_return messages(text_message(fmt::format("Prompt with arguments: arg1='{}', arg2='{}'",
                                              arguments.string("arg1").value_or(""),
                                              arguments.string("arg2").value_or(""))));
}

Task<Reply> with_resource(Context&, Call&, JsonView arguments) {
  const std::string resource = fmt::format(
      R"({{"role":"user","content":{{"type":"resource","resource":{{"uri":{},"mimeType":"text/plain","text":"Embedded resource content for testing."}}}}}})",
      jsonrpc::quote(arguments.string("resourceUri").value_or("")));
  co_return messages(resource + "," + text_message("Please process the embedded resource above."));
}

Task<Reply> with_image(Context&, Call&, JsonView) {
  const std::string image = fmt::format(
      R"({{"role":"user","content":{{"type":"image","data":"{}","mimeType":"image/png"}}}})",
      kRedPixel);
  co_return messages(image + "," + text_message("Please analyze the image above."));
}

std::variant<Reply, Ask> ask_context(const Round& round) {
  if (!round.has("user_context")) {
    return Ask{{text_field("user_context", "What context should the prompt use?", "context")}, {}};
  }
  return messages(
      text_message("Prompt with context: " + round.form_text("user_context", "context", "none")));
}

Task<Reply> asking(Context& context, Call& call, JsonView arguments) {
  return converse(context, call, arguments, ask_context);
}

}  // namespace

std::vector<Prompt> prompts() {
  return {
      {"test_simple_prompt", "A simple prompt without arguments", "[]", simple},
      {"test_prompt_with_arguments", "A prompt with required arguments",
       R"([{"name":"arg1","description":"First test argument","required":true},{"name":"arg2","description":"Second test argument","required":true}])",
       with_arguments},
      {"test_prompt_with_embedded_resource", "A prompt that includes an embedded resource",
       R"([{"name":"resourceUri","description":"URI of the resource to embed","required":true}])",
       with_resource},
      {"test_prompt_with_image", "A prompt that includes an image", "[]", with_image},
      {"test_input_required_result_prompt", "A prompt that asks for context first", "[]", asking},
  };
}

}  // namespace gatehouse::fixture
