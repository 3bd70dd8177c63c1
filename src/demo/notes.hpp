// The notes of the demo: what notes_tools serves. In memory, one notebook per person, bounded.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::demo {

struct Note {
  std::string id;
  std::string title;
  std::string body;
  std::vector<std::string> tags;
};

class Notebook final {
 public:
  static constexpr std::size_t kMost = 500;
  Notebook();  ///< with a few notes to find

  /// Null when the notebook is full.
  const Note* add(std::string title, std::string body, std::vector<std::string> tags);
  const Note* find(std::string_view id) const;
  bool erase(std::string_view id);
  /// Notes whose title, body or tags have every word of `query`, newest first.
  std::vector<const Note*> search(std::string_view query) const;
  const std::list<Note>& all() const { return notes_; }

 private:
  std::list<Note> notes_;  ///< newest first
  std::uint64_t next_ = 1;
};

/// One notebook per user id.
class Notebooks final {
 public:
  Notebook& of(const std::string& user_id) { return notebooks_[user_id]; }

 private:
  std::map<std::string, Notebook> notebooks_;
};

}  // namespace gatehouse::demo
