#include "demo/notes.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gatehouse::demo {
namespace {

std::string searchable(const Note& note) {
  std::string text = note.title + " " + note.body;
  for (const std::string& tag : note.tags) text.append(" ").append(tag);
  return ascii_lower(text);
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  std::string lower = ascii_lower(query);
  std::size_t at = 0;
  while ((at = lower.find_first_not_of(" \t\n", at)) != std::string::npos) {
    const std::size_t end = lower.find_first_of(" \t\n", at);
    words.push_back(lower.substr(at, end == std::string::npos ? end : end - at));
    at = end == std::string::npos ? lower.size() : end;
  }
  return words;
}

}  // namespace

Notebook::Notebook() {
  add("Read me first",
      "These notes live in the memory of the demo and are gone when it stops. Change them freely.",
      {"demo"});
  add("Release checklist", "Freeze, test on arm64, write the changelog, tag, tell the team.",
      {"work", "release"});
  add("Sourdough", "500 g flour, 350 g water, 100 g starter, 10 g salt. Fold four times.",
      {"kitchen"});
  add("Questions for Grace", "Which compiler flags did you use? Where is the moth now?", {"work"});
}

const Note* Notebook::add(std::string title, std::string body, std::vector<std::string> tags) {
  if (notes_.size() >= kMost) return nullptr;
  notes_.push_front(
      {"note-" + std::to_string(next_++), std::move(title), std::move(body), std::move(tags)});
  return &notes_.front();
}

const Note* Notebook::find(std::string_view id) const {
  const auto found = std::ranges::find(notes_, id, &Note::id);
  return found == notes_.end() ? nullptr : &*found;
}

bool Notebook::erase(std::string_view id) {
  return std::erase_if(notes_, [id](const Note& note) { return note.id == id; }) != 0;
}

std::vector<const Note*> Notebook::search(std::string_view query) const {
  const std::vector<std::string> words = words_of(query);
  std::vector<const Note*> found;
  for (const Note& note : notes_) {
    const std::string text = searchable(note);
    if (std::ranges::all_of(words, [&text](const std::string& word) {
          return text.find(word) != std::string::npos;
        })) {
      found.push_back(&note);
    }
  }
  return found;
}

}  // namespace gatehouse::demo
