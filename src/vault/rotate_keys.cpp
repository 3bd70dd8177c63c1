#include "vault/rotate_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/timer.hpp"
#include "vault/file_lock.hpp"

namespace gatehouse::vault {
namespace {

constexpr int kRowsAtOnce = 50;  // sealed anew in one transaction, for which other writers wait

bool is_ours_to_write(KeyPlace place) {
  return place == KeyPlace::file || place == KeyPlace::keyring;
}

/// `first`, then the rest of `keys` without those that are retired; what fits.
std::vector<MasterKey> in_front(const MasterKey& first, const std::vector<MasterKey>& keys,
                                const KeyInventory& known) {
  std::vector<MasterKey> out{first};
  for (const MasterKey& key : keys) {
    const auto record = std::ranges::find(known.keys, key.id(), &KeyRecord::id);
    const bool retired = record != known.keys.end() && record->state == KeyState::retired;
    if (!retired && key.id() != first.id() && out.size() < kKeysAtOnce) out.push_back(key);
  }
  return out;
}

bool any_in(const KeyInventory& known, const std::vector<MasterKey>& keys, KeyState state) {
  return std::ranges::any_of(keys, [&](const MasterKey& key) {
    const auto record = std::ranges::find(known.keys, key.id(), &KeyRecord::id);
    return record != known.keys.end() && record->state == state;
  });
}

/// What a rotation works towards.
struct Plan {
  MasterKey next;
  KeySource* target;
  bool resumed = false;
};

/// An earlier rotation is unfinished in the store, or has left a retired key at its place.
bool is_unfinished(const KeyInventory& known, const std::vector<MasterKey>& at_place,
                   KeyPlace place) {
  const bool sealing = std::ranges::any_of(
      known.keys, [](const KeyRecord& k) { return k.state == KeyState::older; });
  return sealing || (is_ours_to_write(place) && any_in(known, at_place, KeyState::retired));
}

Result<Plan> plan_with_given_key(KeySource& target, const HeldKeys& held, bool unfinished) {
  Result<std::vector<MasterKey>> given = target.load();
  if (!given) return std::unexpected(given.error());
  const bool in_use = given->front().id() == held.current_id();
  if (in_use && !unfinished)
    return fail(Errc::invalid_argument,
                fmt::format("{} gives the key that is in use already", target.describe()),
                "let it give a new key in front of the old one, with a blank between them (make "
                "one with: head -c 32 /dev/urandom | base64), and run this again; the old one may "
                "go when the rotation is done");
  return Plan{given->front(), &target, in_use && unfinished};
}

/// Both keys are at hand, wherever a process may look for them, before the new one is used.
Result<Plan> make_plan(RotationParts& parts, const KeyInventory& known, KeyPlace to) {
  Result<KeySource*> target = parts.sources.find(to);
  if (!target) return std::unexpected(target.error());
  KeySource& active = parts.sources.active();
  Result<std::vector<MasterKey>> at_place = active.load();
  if (!at_place) return std::unexpected(at_place.error());
  const bool unfinished = is_unfinished(known, *at_place, active.place());
  const MasterKey current = parts.held.current();
  if (!is_ours_to_write(to)) {
    Result<Plan> plan = plan_with_given_key(**target, parts.held, unfinished);
    if (!plan || plan->resumed || !is_ours_to_write(active.place())) return plan;
    std::vector<MasterKey> both = parts.held.all();
    both.push_back(plan->next);
    if (const Result<void> saved = active.save(in_front(current, both, known)); !saved)
      return std::unexpected(saved.error());
    return plan;
  }
  Plan plan{unfinished ? current : MasterKey::make(), *target, unfinished};
  std::vector<MasterKey> both = parts.held.all();
  both.push_back(plan.next);
  if (is_ours_to_write(active.place()) && active.place() != to) {
    if (const Result<void> saved = active.save(in_front(current, both, known)); !saved)
      return std::unexpected(saved.error());
  }
  if (const Result<void> saved = plan.target->save(in_front(plan.next, both, known)); !saved)
    return std::unexpected(saved.error());
  return plan;
}

}  // namespace

Task<Result<RotationReport>> rotate_keys(RotationParts parts, std::optional<KeyPlace> to) {
  Result<FileLock> lock = FileLock::take(parts.sources.lock_file(), FileLock::Wait::no);
  if (!lock && lock.error().code == Errc::conflict)
    co_return fail(Errc::conflict, "another `gatehouse keys rotate` is at work on this store",
                   "wait until it has ended");
  if (!lock) co_return std::unexpected(lock.error());
  const Result<bool> reloaded = co_await parts.workers.run([&] { return parts.held.reload(); });
  if (!reloaded) co_return std::unexpected(reloaded.error());
  const Result<KeyInventory> known = co_await parts.store.inventory();
  if (!known) co_return std::unexpected(known.error());
  const KeyPlace place = to.value_or(parts.sources.active().place());
  const Result<Plan> plan =
      co_await parts.workers.run([&] { return make_plan(parts, *known, place); });
  if (!plan) co_return std::unexpected(plan.error());

  RotationReport report{.key_id = plan->next.id(), .place = place, .resumed = plan->resumed};
  if (const Result<void> begun = co_await parts.store.begin(plan->next); !begun)
    co_return std::unexpected(begun.error());
  for (ResealStep step; !step.done;) {
    Result<ResealStep> next = co_await parts.store.reseal(step.next, kRowsAtOnce);
    if (!next) co_return std::unexpected(next.error());
    step = *next;
    report.resealed += step.resealed;
    if (parts.on_progress) parts.on_progress(report.resealed);
  }
  // Processes whose key source does not give the new key learn it from the store meanwhile.
  co_await sleep_for(parts.overlap);
  if (const Result<void> finished = co_await parts.store.finish(); !finished)
    co_return std::unexpected(finished.error());
  const Result<void> settled =
      co_await parts.workers.run([&] { return parts.sources.settle(place, plan->next); });
  if (!settled) co_return std::unexpected(settled.error());
  co_return report;
}

}  // namespace gatehouse::vault
