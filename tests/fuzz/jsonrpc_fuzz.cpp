// The scanner against simdjson's DOM: what we accept it must accept, and the other way round, but
// for what is ours alone (names twice, depth) or left to its number and string types.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"

namespace {

using namespace gatehouse;
using jsonrpc::JsonView;

void require(bool condition) {
  if (!condition) std::abort();
}

/// simdjson refuses or alters lone surrogates; RFC 8259 leaves them open and we pass them through.
bool has_surrogate_escape(std::string_view text) {
  for (std::size_t at = text.find("\\u"); at != std::string_view::npos;
       at = text.find("\\u", at + 1)) {
    if (at + 2 < text.size() && (text[at + 2] | 0x20) == 'd') return true;
  }
  return false;
}

std::size_t walk(const JsonView& view) {
  std::size_t count = 1;
  for (const auto& member : view.members()) {
    require(JsonView::parse(jsonrpc::quote(member.key())).has_value());
    count += walk(member.value);
  }
  for (const JsonView& element : view.elements()) count += walk(element);
  if (const auto text = view.as_string()) {
    require(JsonView::parse(jsonrpc::quote(*text))->as_string() == text);
  }
  return count;
}

std::size_t walk(simdjson::dom::element element) {
  std::size_t count = 1;
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (element.get(array) == simdjson::SUCCESS) {
    for (simdjson::dom::element child : array) count += walk(child);
  } else if (element.get(object) == simdjson::SUCCESS) {
    for (auto field : object) count += walk(field.value);
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ours = JsonView::parse(text);
  static simdjson::dom::parser parser;
  simdjson::dom::element theirs;
  const auto error = parser.parse(simdjson::padded_string(text)).get(theirs);
  if (ours) {
    const bool number_too_big =
        error == simdjson::NUMBER_ERROR || error == simdjson::NUMBER_OUT_OF_RANGE;
    require(!error || number_too_big || has_surrogate_escape(text));
    const std::size_t count = walk(*ours);
    if (!error) require(count == walk(theirs));
    std::string line;
    if (jsonrpc::drop_line_breaks(text, line)) require(JsonView::parse(line).has_value());
  } else if (!error) {
    const std::string& why = ours.error().detail;
    require(why.find("twice") != std::string::npos || why.find("deeply") != std::string::npos ||
            has_surrogate_escape(text));
  }
  if (const auto message = jsonrpc::prove(text)) {
    require(ours.has_value());
    if (!message->result.empty()) require(JsonView::parse(message->result).has_value());
    if (!message->params.empty()) require(JsonView::parse(message->params).has_value());
    for (const auto& member : message->members) require(JsonView::parse(member.value).has_value());
    if (!message->error.empty()) jsonrpc::parse_error_object(message->error);
  }
  (void)jsonrpc::prove_batch(text);
  (void)jsonrpc::best_effort_id(text);
  return 0;
}
