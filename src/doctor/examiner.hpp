// Examiner: goes through one connection phase by phase until the first that fails, and beyond it
// with what can be known from the store alone (prior-art: generic diagnostics cost days). Nothing
// is changed but what using the connection changes: a token may be refreshed, the tool list and the
// health are stored. Called by `gatehouse doctor`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "doctor/finding.hpp"
#include "http/client.hpp"
#include "oauth_client/registration.hpp"
#include "oauth_client/token_source.hpp"
#include "upstream/upstreams.hpp"
#include "vault/secret_resolver.hpp"
#include "vault/store.hpp"

namespace gatehouse::doctor {

enum class Reach {
  online,
  offline,  ///< no request is made: what the store and this machine know
};

/// All must outlive the examiner.
struct Parts {
  vault::Store& store;
  http::Client& http;
  oauth_client::TokenSource& tokens;
  oauth_client::Registrar& registrar;
  upstream::Upstreams& upstreams;
  vault::SecretResolver read_secret;  ///< null: references cannot be examined
  Logger& log;
  const Clock& clock;
};

class Examiner final {
 public:
  Examiner(Parts parts, Reach reach) : parts_(std::move(parts)), reach_(reach) {}

  /// A finding at least for every phase, in their order; a phase that does not apply or was not
  /// reached is skipped. Never fails as a whole: what goes wrong is a finding. Each is logged as
  /// `doctor_finding` with the report's reference.
  Task<Report> examine(upstream::Target target);

 private:
  struct Visit;
  Task<> check_configuration(Visit& visit);
  Task<> check_secrets(Visit& visit);
  Task<> check_way(Visit& visit);
  Task<> check_discovery(Visit& visit);
  Task<> check_registration(Visit& visit);
  Task<> check_token(Visit& visit);
  Task<> check_server(Visit& visit);
  Task<> check_stored_catalog(Visit& visit);
  void add(Visit& visit, Finding finding);
  void add_skipped_phases(Visit& visit);

  Parts parts_;
  Reach reach_;
};

}  // namespace gatehouse::doctor
