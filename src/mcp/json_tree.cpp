#include "mcp/json_tree.hpp"

#include "base/limits.hpp"
#include "jsonrpc/scanner.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonView;

struct TreeSink : jsonrpc::NullSink {
  explicit TreeSink(std::vector<JsonTree::Node>& into) : nodes(into) {}

  void key(int, std::string_view raw, std::string_view) { pending_key = raw; }
  void open(int, JsonKind kind, const char*) {
    add(kind, {});
    parents.push_back({static_cast<std::uint32_t>(nodes.size() - 1), JsonTree::kNone});
  }
  void close(int, JsonKind, std::string_view raw) {
    nodes[parents.back().index].raw = raw;
    parents.pop_back();
  }
  void scalar(int, JsonKind kind, std::string_view raw) { add(kind, raw); }

  void add(JsonKind kind, std::string_view raw) {
    const auto index = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back({kind, raw, pending_key});
    pending_key = {};
    if (parents.empty()) return;
    Parent& parent = parents.back();
    if (parent.last == JsonTree::kNone) {
      nodes[parent.index].first = index;
    } else {
      nodes[parent.last].next = index;
    }
    parent.last = index;
    ++nodes[parent.index].count;
  }

  struct Parent {
    std::uint32_t index;
    std::uint32_t last;
  };
  std::vector<JsonTree::Node>& nodes;
  std::vector<Parent> parents;
  std::string_view pending_key;
};

bool equal_numbers(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const JsonView x = JsonView::of_proved(a);
  const JsonView y = JsonView::of_proved(b);
  const auto i = x.as_int();
  const auto j = y.as_int();
  if (i || j) return i == j;
  return x.as_double() == y.as_double();
}

bool equal_objects(const JsonTree& a, const JsonTree::Node& x, const JsonTree& b,
                   const JsonTree::Node& y) {
  for (std::uint32_t i = x.first; i != JsonTree::kNone; i = a.at(i).next) {
    const std::string name = jsonrpc::unescape(a.at(i).raw_key);
    std::uint32_t j = y.first;
    while (j != JsonTree::kNone && !is_key(b.at(j), name)) j = b.at(j).next;
    if (j == JsonTree::kNone || !equal(a, a.at(i), b, b.at(j))) return false;
  }
  return true;
}

}  // namespace

JsonTree::JsonTree(std::string_view proved) {
  nodes_.reserve(16);
  TreeSink sink(nodes_);
  // The text was proved with some depth; only the bound of the recursion matters here.
  jsonrpc::Scanner<TreeSink> scanner(proved, 2 * limits::kJsonDepth, sink);
  if (!scanner.run() || nodes_.empty()) nodes_.assign(1, Node{JsonKind::null, "null", {}});
}

bool equal(const JsonTree& a, const JsonTree::Node& x, const JsonTree& b, const JsonTree::Node& y) {
  if (x.kind != y.kind || x.count != y.count) return false;
  switch (x.kind) {
    case JsonKind::number:
      return equal_numbers(x.raw, y.raw);
    case JsonKind::string:
      return x.raw == y.raw ||
             JsonView::of_proved(x.raw).as_string() == JsonView::of_proved(y.raw).as_string();
    case JsonKind::object:
      return equal_objects(a, x, b, y);
    case JsonKind::array: {
      std::uint32_t i = x.first;
      std::uint32_t j = y.first;
      for (; i != JsonTree::kNone; i = a.at(i).next, j = b.at(j).next) {
        if (!equal(a, a.at(i), b, b.at(j))) return false;
      }
      return true;
    }
    default:
      return x.raw == y.raw;
  }
}

}  // namespace gatehouse::mcp
