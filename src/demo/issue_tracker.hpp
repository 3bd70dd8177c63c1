// The issues of the demo: what issues_tools serves. In memory, one tracker for everybody, bounded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::demo {

struct Issue {
  int number = 0;
  std::string title;
  std::string body;
  std::string author;
  std::string assignee;  ///< empty: nobody
  std::string priority = "normal";
  bool open = true;
  std::string closed_as;  ///< completed, duplicate, not_planned
  std::vector<std::string> comments;
};

class IssueTracker final {
 public:
  static constexpr std::size_t kMost = 1000;
  static constexpr std::size_t kComments = 100;  ///< of one issue
  IssueTracker();                                ///< with a few issues to work on

  /// Null when the tracker is full.
  Issue* add(Issue issue);
  Issue* find(int number);
  const std::map<int, Issue>& all() const { return issues_; }

 private:
  std::map<int, Issue> issues_;
  int next_ = 1;
};

}  // namespace gatehouse::demo
