#include <algorithm>

#include "base/encoding.hpp"
#include "vault/memory_tables.hpp"

namespace gatehouse::vault {
namespace {

/// Memory seals nothing: the keys are kept, so that a rotation goes the same way.
class MemoryKeys final : public KeyStore {
 public:
  explicit MemoryKeys(MemoryTables& tables) : tables_(tables) {}

  Task<Result<KeyInventory>> inventory() override {
    const std::lock_guard lock(tables_.mutex);
    co_return KeyInventory{.keys = tables_.keys, .rows = {}, .unreadable = {}};
  }

  Task<Result<void>> begin(MasterKey next) override {
    MemoryWrite write(tables_);
    const auto found = std::ranges::find(tables_.keys, next.id(), &KeyRecord::id);
    const bool known = found != tables_.keys.end();
    if (known && found->state == KeyState::retired)
      co_return fail(Errc::policy, "this key was used before and is retired", "make a new one");
    if (known && found->state == KeyState::current) co_return Result<void>{};
    for (KeyRecord& key : tables_.keys) {
      if (key.state == KeyState::current) key.state = KeyState::older;
    }
    if (known) tables_.keys.erase(found);
    tables_.keys.push_back({next.id(), KeyState::current, tables_.clocks.wall.now(), true});
    write.changed("master_keys", local_organization(), hex_encode(next.id()));
    co_return Result<void>{};
  }

  Task<Result<ResealStep>> reseal(ResealCursor cursor, int) override {
    co_return ResealStep{.next = cursor, .resealed = 0, .done = true};
  }

  Task<Result<void>> finish() override {
    MemoryWrite write(tables_);
    for (KeyRecord& key : tables_.keys) {
      if (key.state == KeyState::older)
        key = {key.id, KeyState::retired, tables_.clocks.wall.now(), false};
    }
    co_return Result<void>{};
  }

 private:
  MemoryTables& tables_;
};

}  // namespace

std::unique_ptr<KeyStore> make_memory_keys(MemoryTables& tables) {
  return std::make_unique<MemoryKeys>(tables);
}

}  // namespace gatehouse::vault
