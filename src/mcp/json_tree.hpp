// JsonTree: proved JSON as a flat tree, built in one pass, for what must look at values more than
// once: the schema validator. Borrows the text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jsonrpc/json.hpp"

namespace gatehouse::mcp {

class JsonTree final {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Node {
    jsonrpc::JsonKind kind = jsonrpc::JsonKind::null;
    std::string_view raw;
    std::string_view raw_key;  ///< inside of the literal; members only
    std::uint32_t first = kNone;
    std::uint32_t next = kNone;  ///< sibling
    std::uint32_t count = 0;     ///< children
  };

  explicit JsonTree(std::string_view proved);
  const Node& root() const { return nodes_.front(); }
  const Node& at(std::uint32_t index) const { return nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }

 private:
  std::vector<Node> nodes_;
};

/// Equality as JSON Schema has it: numbers by value, objects without regard to order.
bool equal(const JsonTree& a, const JsonTree::Node& x, const JsonTree& b, const JsonTree::Node& y);

/// True when the member's name is `name`.
inline bool is_key(const JsonTree::Node& node, std::string_view name) {
  return jsonrpc::JsonMember{node.raw_key, {}}.is(name);
}

}  // namespace gatehouse::mcp
