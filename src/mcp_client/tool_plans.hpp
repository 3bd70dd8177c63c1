// ToolPlans: which arguments of which tool are mirrored into headers (H-6, H-7), learnt from tool
// lists that pass by. Used by ModernHttpPeer. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/param_headers.hpp"

namespace gatehouse::mcp_client {

class ToolPlans final {
 public:
  struct Entry {
    mcp::HeaderPlan plan;
    std::string invalid;  ///< why the tool must not be offered (H-7); empty when it may
  };

  /// Takes in one page: the raw result of tools/list.
  void learn_page(std::string_view raw_result);
  const Entry& learn_schema(std::string_view tool, std::string_view raw_input_schema);
  /// Null when nothing is known about the tool.
  const Entry* find(std::string_view tool) const;
  void forget() { entries_.clear(); }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace gatehouse::mcp_client
