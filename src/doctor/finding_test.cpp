#include "doctor/finding.hpp"

#include <gtest/gtest.h>

namespace gatehouse::doctor {
namespace {

TEST(Finding, names_who_must_act_by_phase_and_code) {
  struct Case {
    Phase phase;
    Errc code;
    Owner owner;
  };
  for (const Case& test : {
           Case{Phase::configuration, Errc::invalid_argument, Owner::you},
           Case{Phase::secrets, Errc::not_found, Owner::you},
           Case{Phase::secrets, Errc::timeout, Owner::you},
           Case{Phase::name, Errc::unavailable, Owner::network},
           Case{Phase::name, Errc::blocked_address, Owner::you},
           Case{Phase::proxy, Errc::unavailable, Owner::network},
           Case{Phase::connection, Errc::unavailable, Owner::server},
           Case{Phase::connection, Errc::timeout, Owner::network},
           Case{Phase::encryption, Errc::tls, Owner::server},
           Case{Phase::discovery, Errc::server_error, Owner::provider},
           Case{Phase::registration, Errc::rejected, Owner::provider},
           Case{Phase::token, Errc::sign_in_required, Owner::you},
           Case{Phase::token, Errc::invalid_client, Owner::you},
           Case{Phase::token, Errc::unavailable, Owner::provider},
           Case{Phase::handshake, Errc::protocol, Owner::server},
           Case{Phase::handshake, Errc::sign_in_required, Owner::you},
           Case{Phase::catalog, Errc::server_error, Owner::server},
           Case{Phase::catalog, Errc::bug, Owner::us},
       }) {
    EXPECT_EQ(owner_of(test.phase, test.code), test.owner)
        << to_string(test.phase) << " " << to_string(test.code);
  }
}

TEST(Finding, always_says_what_to_do_about_a_failure) {
  for (int phase = 0; phase <= static_cast<int>(Phase::catalog); ++phase) {
    for (int code = 0; code <= static_cast<int>(Errc::bug); ++code) {
      const Finding finding =
          make_failure(static_cast<Phase>(phase), {static_cast<Errc>(code), "cause", {}}, "notion");
      EXPECT_FALSE(finding.action.empty()) << phase << " " << code;
      EXPECT_NE(finding.owner, Owner::nobody) << phase << " " << code;
    }
  }
  const Finding hinted =
      make_failure(Phase::token, {Errc::sign_in_required, "x", "gatehouse login a"}, "a");
  EXPECT_EQ(hinted.action, "gatehouse login a");
}

TEST(Report, tells_a_missing_sign_in_from_other_failures) {
  Report report;
  report.findings = {make_ok(Phase::configuration, "fine"),
                     make_warning(Phase::registration, "old", Owner::you, "do it")};
  EXPECT_EQ(report.first_failure(), nullptr);
  EXPECT_FALSE(report.needs_sign_in());
  report.findings.push_back(make_failure(Phase::token, {Errc::sign_in_required, "x", {}}, "a"));
  EXPECT_TRUE(report.needs_sign_in());
  report.findings.insert(report.findings.begin(),
                         make_failure(Phase::name, {Errc::unavailable, "x", {}}, "a"));
  EXPECT_FALSE(report.needs_sign_in());
}

}  // namespace
}  // namespace gatehouse::doctor
