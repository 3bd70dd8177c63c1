#include "jsonrpc/message.hpp"

#include <fmt/format.h>

#include "jsonrpc/scanner.hpp"

namespace gatehouse::jsonrpc {
namespace {

constexpr std::string_view kVersion = "\"2.0\"";

/// Collects the parts of a message whose object is at depth `base` (0, or 1 inside a batch).
struct MessageSink : NullSink {
  explicit MessageSink(Message& into) : message(into) {}

  void key(int depth, std::string_view raw, std::string_view decoded) {
    if (depth == 0) {
      part = part_of(decoded);
    } else if (depth == 1) {
      member_key = raw;
      in_meta = decoded == "_meta";
    } else if (depth == 2) {
      meta_key = raw;
    }
  }

  void open(int depth, JsonKind kind, const char*) {
    if (depth == 0) root = kind;
    if (depth == 1) container = kind;
    if (depth == 2) inner = kind;
  }

  void close(int depth, JsonKind, std::string_view raw) { on_value(depth, raw); }
  void scalar(int depth, JsonKind, std::string_view raw) { on_value(depth, raw); }

  enum class Part { other, version, id, method, params, result, error };

  static Part part_of(std::string_view name) {
    if (name == "jsonrpc") return Part::version;
    if (name == "id") return Part::id;
    if (name == "method") return Part::method;
    if (name == "params") return Part::params;
    if (name == "result") return Part::result;
    if (name == "error") return Part::error;
    return Part::other;
  }

  void on_value(int depth, std::string_view raw) {
    if (depth == 1) {
      if (root == JsonKind::object) on_part(raw);
    } else if (depth == 2) {
      if (container == JsonKind::object && (part == Part::params || part == Part::result)) {
        if (message.members.empty()) message.members.reserve(8);
        message.members.push_back({member_key, raw});
      }
    } else if (depth == 3) {
      if (inner == JsonKind::object && container == JsonKind::object && in_meta &&
          (part == Part::params || part == Part::result)) {
        if (message.meta.empty()) message.meta.reserve(4);
        message.meta.push_back({meta_key, raw});
      }
    }
  }

  void on_part(std::string_view raw) {
    switch (part) {
      case Part::version:
        version = raw;
        break;
      case Part::id:
        message.id = raw;
        break;
      case Part::method:
        method = raw;
        break;
      case Part::params:
        message.params = raw;
        break;
      case Part::result:
        message.result = raw;
        break;
      case Part::error:
        message.error = raw;
        break;
      case Part::other:
        break;
    }
  }

  Message& message;
  JsonKind root = JsonKind::null;
  JsonKind container = JsonKind::null;
  JsonKind inner = JsonKind::null;
  Part part = Part::other;
  bool in_meta = false;
  std::string_view member_key, meta_key, version, method;
};

bool is_integer_text(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::unexpected<Error> not_a_message(std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("this is no JSON-RPC 2.0 message: {}", why));
}

/// Checks what the sink found and completes the message.
Result<void> finish(const MessageSink& sink, Message& message) {
  if (sink.root == JsonKind::array) return not_a_message("batches are not accepted");
  if (sink.root != JsonKind::object) return not_a_message("it is no object");
  if (sink.version != kVersion && !JsonView::of_proved(sink.version).equals("2.0")) {
    return not_a_message("\"jsonrpc\" is not \"2.0\"");
  }
  const bool has_method = !sink.method.empty();
  const bool null_id = message.id == "null";
  if (null_id) message.id = {};
  if (!message.id.empty() && message.id.front() != '"' && !is_integer_text(message.id)) {
    return not_a_message("\"id\" is neither a string nor an integer");
  }
  if (has_method + !message.result.empty() + !message.error.empty() != 1) {
    return not_a_message("it has not exactly one of \"method\", \"result\" and \"error\"");
  }
  if (has_method) {
    const auto method = JsonView::of_proved(sink.method).as_string();
    if (!method) return not_a_message("\"method\" is no string");
    if (null_id) return not_a_message("\"id\" is null");
    if (!message.params.empty() && message.params.front() != '{') {
      return not_a_message("\"params\" is no object");
    }
    message.method = *method;
    message.kind = message.id.empty() ? MessageKind::notification : MessageKind::request;
    return {};
  }
  message.kind = message.error.empty() ? MessageKind::result : MessageKind::error;
  if (message.kind == MessageKind::result && message.id.empty()) {
    return not_a_message("a result has no \"id\"");
  }
  if (message.kind == MessageKind::error && message.error.front() != '{') {
    return not_a_message("\"error\" is no object");
  }
  return {};
}

std::string_view find_raw(const RawMembers& members, std::string_view name) {
  for (const RawMember& member : members) {
    if (JsonMember{member.raw_key, {}}.is(name)) return member.value;
  }
  return {};
}

}  // namespace

std::string_view Message::member(std::string_view name) const {
  return find_raw(members, name);
}

std::string_view Message::meta_member(std::string_view name) const {
  return find_raw(meta, name);
}

std::optional<std::string> Message::string_member(std::string_view name) const {
  const std::string_view raw = member(name);
  return raw.empty() ? std::nullopt : JsonView::of_proved(raw).as_string();
}

Result<Message> prove(std::string_view bytes, int max_depth) {
  Message message;
  MessageSink sink(message);
  Scanner<MessageSink> scanner(bytes, max_depth, sink);
  if (!scanner.run()) {
    return fail(scanner.fault() == Fault::depth ? Errc::too_large : Errc::parse,
                fmt::format("the message cannot be read: {} (at byte {})",
                            jsonrpc::describe(scanner.fault()), scanner.offset()));
  }
  if (auto checked = finish(sink, message); !checked) return std::unexpected(checked.error());
  return message;
}

Result<std::vector<Message>> prove_batch(std::string_view bytes, std::size_t max_messages,
                                         int max_depth) {
  const std::size_t first = bytes.find_first_not_of(" \n\r\t");
  std::vector<Message> messages;
  if (first == std::string_view::npos || bytes[first] != '[') {
    auto single = prove(bytes, max_depth);
    if (!single) return std::unexpected(single.error());
    messages.push_back(std::move(*single));
    return messages;
  }
  const auto batch = JsonView::parse(bytes, "the batch", max_depth + 1);
  if (!batch) return std::unexpected(batch.error());
  for (const JsonView& element : batch->elements()) {
    if (messages.size() == max_messages) {
      return fail(Errc::too_large, fmt::format("a batch has more than {} messages", max_messages));
    }
    auto message = prove(element.raw(), max_depth);
    if (!message) return std::unexpected(message.error());
    messages.push_back(std::move(*message));
  }
  if (messages.empty()) return not_a_message("the batch is empty");
  return messages;
}

std::string best_effort_id(std::string_view bytes) {
  Message message;
  MessageSink sink(message);
  Scanner<MessageSink> scanner(bytes, limits::kJsonDepth, sink);
  scanner.run();
  const bool usable =
      !message.id.empty() && (message.id.front() == '"' || is_integer_text(message.id));
  return usable ? std::string(message.id) : std::string();
}

bool drop_line_breaks(std::string_view json, std::string& out) {
  if (json.find_first_of("\r\n") == std::string_view::npos) return false;
  std::string line;
  line.reserve(json.size());
  while (!json.empty()) {
    const std::size_t at = json.find_first_of("\r\n");
    line.append(json.substr(0, at));
    json.remove_prefix(at == std::string_view::npos ? json.size() : at + 1);
  }
  out = std::move(line);
  return true;
}

std::string make_request(std::string_view raw_id, std::string_view method,
                         std::string_view raw_params) {
  std::string out;
  out.reserve(raw_params.size() + raw_id.size() + method.size() + 64);
  out.append(R"({"jsonrpc":"2.0","id":)").append(raw_id).append(R"(,"method":)");
  append_quoted(out, method);
  if (!raw_params.empty()) out.append(R"(,"params":)").append(raw_params);
  out += '}';
  return out;
}

std::string make_notification(std::string_view method, std::string_view raw_params) {
  std::string out = R"({"jsonrpc":"2.0","method":)";
  append_quoted(out, method);
  if (!raw_params.empty()) out.append(R"(,"params":)").append(raw_params);
  out += '}';
  return out;
}

std::string make_result(std::string_view raw_id, std::string_view raw_result) {
  std::string out;
  out.reserve(raw_result.size() + raw_id.size() + 40);
  out.append(R"({"jsonrpc":"2.0","id":)").append(raw_id);
  out.append(R"(,"result":)").append(raw_result).append("}");
  return out;
}

std::string make_error(std::string_view raw_id, int code, std::string_view message,
                       std::string_view raw_data) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(raw_id.empty() ? "null" : raw_id);
  out.append(R"(,"error":{"code":)").append(std::to_string(code)).append(R"(,"message":)");
  append_quoted(out, message);
  if (!raw_data.empty()) out.append(R"(,"data":)").append(raw_data);
  out += "}}";
  return out;
}

ErrorObject parse_error_object(std::string_view raw_error) {
  const JsonView view = JsonView::of_proved(raw_error);
  ErrorObject error;
  if (const auto code = view.integer("code"); code && *code >= std::numeric_limits<int>::min() &&
                                              *code <= std::numeric_limits<int>::max()) {
    error.code = static_cast<int>(*code);
  }
  error.message = view.string("message").value_or("the server gave no message");
  if (const auto data = view.find("data")) error.data = data->raw();
  return error;
}

}  // namespace gatehouse::jsonrpc
