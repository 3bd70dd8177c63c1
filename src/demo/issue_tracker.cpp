#include "demo/issue_tracker.hpp"

namespace gatehouse::demo {

IssueTracker::IssueTracker() {
  add({.title = "The lamp on the third floor flickers",
       .body = "Every evening at about six.",
       .author = "grace"});
  add({.title = "Document the retry rules",
       .body = "People ask which calls may be repeated.",
       .author = "ada",
       .assignee = "ada",
       .priority = "high"});
  Issue old{.title = "Moth in relay 70",
            .body = "First actual case of a bug being found.",
            .author = "grace",
            .assignee = "grace"};
  old.open = false;
  old.closed_as = "completed";
  old.comments = {"grace: taped into the log book"};
  add(std::move(old));
}

Issue* IssueTracker::add(Issue issue) {
  if (issues_.size() >= kMost) return nullptr;
  issue.number = next_++;
  return &issues_.emplace(issue.number, std::move(issue)).first->second;
}

Issue* IssueTracker::find(int number) {
  const auto found = issues_.find(number);
  return found == issues_.end() ? nullptr : &found->second;
}

}  // namespace gatehouse::demo
