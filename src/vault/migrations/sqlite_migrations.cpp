#include "vault/migrations/sqlite_migrations.hpp"

#include <array>

namespace gatehouse::vault {

std::span<const Migration> sqlite_migrations() {
  static const std::array steps{
      Migration{1, kSqlite0001Initial},
      Migration{2, kSqlite0002Details},
      Migration{3, kSqlite0003Keys},
      Migration{4, kSqlite0004Lists},
  };
  return steps;
}

}  // namespace gatehouse::vault
