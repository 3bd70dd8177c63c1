#include "upstream/pinning.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "base/limits.hpp"
#include "catalog/definition.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::upstream {
namespace {

constexpr const char* kTool = "tool";

struct Work {
  vault::Pin pin;
  std::optional<vault::Pin> stored;  ///< as the store has it
  bool listed = false;
  bool touched = false;
  bool forgotten = false;
};
using Works = std::map<std::string, Work, std::less<>>;

std::string name_of(const std::string& raw) {
  return jsonrpc::JsonView::of_proved(raw).string("name").value_or("");
}

vault::Pin accepted(std::string name, const std::string& raw, SystemTime at) {
  vault::Pin pin;
  pin.kind = kTool;
  pin.name = std::move(name);
  pin.digest = catalog::digest_of_definition(raw);
  pin.definition = raw;
  pin.pinned_at = at;
  return pin;
}

void take_back(Work& work) {
  if (!work.pin.waits()) return;
  work.pin.found_digest.clear();
  work.pin.found_definition.clear();
  work.pin.found_at.reset();
  work.touched = true;
}

void wait_for_approval(Work& work, std::string digest, const std::string& raw, SystemTime now) {
  work.pin.found_digest = std::move(digest);
  work.pin.found_definition = raw;
  work.pin.found_at = now;
  work.touched = true;
}

void meet(Works& works, const std::string& raw, const Relisting& relisting, PinOutcome& outcome) {
  std::string name = name_of(raw);
  if (name.empty()) return;
  const auto found = works.find(name);
  if (found == works.end()) {
    Work& work = works[name];
    work.listed = true;
    work.touched = true;
    work.pin = accepted(name, raw, relisting.now);
    const bool waits =
        relisting.previous != nullptr && relisting.on_change == vault::OnChange::block;
    if (!waits) return;
    std::string digest = std::exchange(work.pin.digest, {});
    work.pin.definition.clear();
    wait_for_approval(work, std::move(digest), raw, relisting.now);
    outcome.appeared.push_back(std::move(name));
    return;
  }
  Work& work = found->second;
  if (std::exchange(work.listed, true)) return;
  // The usual case, without a digest: nothing is new, not even how it is written.
  if (!work.pin.digest.empty() && work.pin.definition == raw) return take_back(work);
  if (work.pin.waits() && work.pin.found_definition == raw) return;
  std::string digest = catalog::digest_of_definition(raw);
  if (work.pin.digest == digest) {
    take_back(work);
  } else if (work.pin.found_digest != digest) {
    wait_for_approval(work, std::move(digest), raw, relisting.now);
    outcome.changed.push_back(std::move(name));
  }
}

// What is gone has nothing to approve, but what was accepted of it holds when it comes back.
void leave(Works& works) {
  std::vector<Work*> gone;
  for (auto& [name, work] : works) {
    if (work.listed) continue;
    take_back(work);
    if (work.pin.digest.empty()) {
      work.forgotten = true;
    } else {
      gone.push_back(&work);
    }
  }
  if (works.size() <= limits::kPinsPerConnection) return;
  std::ranges::sort(gone, {}, [](const Work* work) { return work->pin.pinned_at; });
  const std::size_t surplus = works.size() - limits::kPinsPerConnection;
  for (std::size_t i = 0; i < gone.size() && i < surplus; ++i) gone[i]->forgotten = true;
}

}  // namespace

PinOutcome settle_pins(const Relisting& relisting) {
  Works works;
  for (const vault::Pin& pin : relisting.pins)
    if (pin.kind == kTool) works.emplace(pin.name, Work{.pin = pin, .stored = pin});
  // A store of before there were pins: what it lists was in use.
  if (works.empty() && relisting.previous != nullptr) {
    for (const std::string& raw : relisting.previous->tools) {
      const std::string name = name_of(raw);
      if (name.empty()) continue;
      works.try_emplace(
          name, Work{.pin = accepted(name, raw, relisting.previous->fetched_at), .touched = true});
    }
  }
  PinOutcome outcome;
  for (const std::string& raw : relisting.tools) meet(works, raw, relisting, outcome);
  leave(works);
  for (auto& [name, work] : works) {
    if (!work.stored && work.forgotten) continue;
    if (!work.touched && !work.forgotten) continue;
    vault::PinChange& change = outcome.changes.emplace_back();
    change.what = work.forgotten ? vault::PinChange::What::erase
                  : work.stored  ? vault::PinChange::What::replace
                                 : vault::PinChange::What::add;
    if (work.stored) {
      change.was_digest = work.stored->digest;
      change.was_found_digest = work.stored->found_digest;
    }
    change.pin = std::move(work.pin);
  }
  return outcome;
}

}  // namespace gatehouse::upstream
