#include "vault/sqlite_connection_rows.hpp"

#include "vault/record_details.hpp"
#include "vault/record_names.hpp"
#include "vault/sqlite_tables.hpp"

namespace gatehouse::vault {
namespace {

/// The row as it is bound: what an API key may be sent to, what an environment may be given to.
struct Binding {
  std::string url;
  std::string command;
  std::string header_names;
  std::string environment_names;
};

Place place_of(const Connection& connection, const Binding& binding,
               std::string_view column = "secrets") {
  return {
      .organization = connection.organization.value,
      .table = "connections",
      .column = column,
      .row = connection.id.value,
      .bound_to = {binding.url, binding.command, binding.header_names, binding.environment_names}};
}

void open_secrets(Connection& connection, const std::string& sealed, const Binding& binding,
                  const Sealer& sealer) {
  const std::size_t count = 1 + connection.headers.size() + connection.environment.size();
  Result<std::vector<Secret>> secrets =
      sealer.open_all(sealed, place_of(connection, binding), count);
  if (!secrets) {
    connection.secrets_problem = secrets.error().detail;
    return;
  }
  auto next = secrets->begin();
  connection.oauth.client_secret = std::move(*next++);
  for (NamedSecret& header : connection.headers) header.value = std::move(*next++);
  for (NamedSecret& variable : connection.environment) variable.value = std::move(*next++);
}

void open_more_secrets(Connection& connection, const std::string& sealed, const Binding& binding,
                       const Sealer& sealer) {
  Result<SecretDetails> secrets =
      open_details(sealed, sealer, place_of(connection, binding, "more_secrets"));
  if (secrets) {
    apply_details(std::move(*secrets), connection);
  } else {
    connection.secrets_problem = secrets.error().detail;
  }
}

Binding binding_of(const Connection& connection) {
  return {connection.url, encode_texts(connection.command), header_names_blob(connection),
          environment_names_blob(connection)};
}

/// Reads one value after the other and remembers whether any was damaged.
class RowReader {
 public:
  explicit RowReader(Rows& row) : row_(row) {}
  std::vector<std::string> texts(std::string* raw = nullptr) {
    const std::string blob = row_.text();
    if (raw != nullptr) *raw = blob;
    auto found = decode_texts(blob);
    if (!found) damaged = true;
    return found.value_or(std::vector<std::string>{});
  }
  template <class E, std::size_t N>
  E value(const NameTable<E, N>& table) {
    const auto found = value_in(table, row_.text());
    if (!found) damaged = true;
    return found.value_or(table[0].first);
  }
  bool damaged = false;

 private:
  Rows& row_;
};

std::vector<http::Allowance> to_allowances(const std::vector<std::string>& texts) {
  std::vector<http::Allowance> allowances;
  for (std::size_t i = 0; i + 1 < texts.size(); i += 2) {
    // A purpose that is not known allows nothing.
    if (const auto purpose = value_in(kPurposeNames, texts[i + 1]))
      allowances.push_back({texts[i], *purpose});
  }
  return allowances;
}

}  // namespace

Connection read_connection(Rows& row, const Sealer& sealer) {
  Connection connection;
  Binding binding;
  RowReader reader(row);
  connection.id.value = row.text();
  connection.organization.value = row.text();
  connection.name = row.text();
  connection.transport = reader.value(kTransportNames);
  connection.url = binding.url = row.text();
  connection.command = reader.texts(&binding.command);
  connection.directory = row.text();
  connection.auth = reader.value(kAuthKindNames);
  connection.mode = reader.value(kCredentialModeNames);
  for (std::string& name : reader.texts(&binding.header_names))
    connection.headers.push_back({std::move(name), Secret{}, {}});
  for (std::string& name : reader.texts(&binding.environment_names))
    connection.environment.push_back({std::move(name), Secret{}, {}});
  connection.oauth.client_id = row.text();
  connection.oauth.issuer = row.text();
  connection.oauth.scopes = reader.texts();
  connection.oauth.redirect_port = static_cast<std::uint16_t>(row.integer());
  connection.oauth.redirect_path = row.text();
  connection.allowances = to_allowances(reader.texts());
  const std::optional<std::string> sealed = row.maybe_text();
  connection.created_at = row.time();
  connection.revision = row.integer();
  const auto details = decode_details(row.text());
  const std::optional<std::string> more = row.maybe_text();
  if (!details || !apply_details(*details, connection)) reader.damaged = true;
  if (more) open_more_secrets(connection, *more, binding, sealer);
  if (reader.damaged) {
    connection.secrets_problem = "the stored record is damaged";
  } else if (sealed) {
    open_secrets(connection, *sealed, binding, sealer);
  } else if (!connection.headers.empty() || !connection.environment.empty()) {
    connection.secrets_problem = "they are missing";
  }
  return connection;
}

std::optional<std::string> seal_secrets(const Connection& connection, const Sealer& sealer) {
  const bool none = connection.oauth.client_secret.empty() && connection.headers.empty() &&
                    connection.environment.empty();
  if (none) return std::nullopt;
  std::vector<std::string_view> plain{connection.oauth.client_secret.reveal()};
  for (const NamedSecret& header : connection.headers) plain.push_back(header.value.reveal());
  for (const NamedSecret& variable : connection.environment)
    plain.push_back(variable.value.reveal());
  const Binding binding = binding_of(connection);
  return sealer.seal_all(plain, place_of(connection, binding));
}

std::optional<std::string> seal_more_secrets(const Connection& connection, const Sealer& sealer) {
  const Binding binding = binding_of(connection);
  return seal_details(secret_details_of(connection), sealer,
                      place_of(connection, binding, "more_secrets"));
}

std::string header_names_blob(const Connection& connection) {
  std::vector<std::string> names;
  for (const NamedSecret& header : connection.headers) names.push_back(header.name);
  return encode_texts(names);
}

std::string environment_names_blob(const Connection& connection) {
  std::vector<std::string> names;
  for (const NamedSecret& variable : connection.environment) names.push_back(variable.name);
  return encode_texts(names);
}

std::string allowances_blob(const Connection& connection) {
  std::vector<std::string> texts;
  for (const http::Allowance& allowance : connection.allowances) {
    texts.push_back(allowance.origin);
    texts.emplace_back(name_in(kPurposeNames, allowance.purpose));
  }
  return encode_texts(texts);
}

}  // namespace gatehouse::vault
