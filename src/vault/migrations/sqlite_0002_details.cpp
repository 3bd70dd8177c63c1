#include "vault/migrations/sqlite_migrations.hpp"

namespace gatehouse::vault {

// Fields beyond the first schema are key and value pairs (record_details.hpp): `details` in the
// clear, `more_secrets` encrypted, NULL where there are none.
const char* const kSqlite0002Details = R"sql(
ALTER TABLE connections ADD COLUMN details BLOB NOT NULL DEFAULT x'';
ALTER TABLE connections ADD COLUMN more_secrets BLOB;
ALTER TABLE credentials ADD COLUMN details BLOB NOT NULL DEFAULT x'';
ALTER TABLE credentials ADD COLUMN more_secrets BLOB;
ALTER TABLE registrations ADD COLUMN details BLOB NOT NULL DEFAULT x'';
ALTER TABLE registrations ADD COLUMN more_secrets BLOB;
ALTER TABLE authorizations ADD COLUMN details BLOB NOT NULL DEFAULT x'';
)sql";

}  // namespace gatehouse::vault
