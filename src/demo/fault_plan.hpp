// FaultPlan: what is to go wrong with which of the next requests, and how often each step was
// reached. Pure. Filled by tests, in process or over the control endpoint; performed by
// FaultyHandler. The servers behind it know nothing of it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::demo {

/// The steps of a sign-in and of a call, by the endpoint they reach.
enum class Step {
  resource_metadata,
  server_metadata,
  registration,
  authorize,  ///< the consent page
  consent,    ///< its buttons
  device_authorization,
  token,
  revocation,
  mcp,
};
inline constexpr std::size_t kSteps = 9;
std::string_view to_string(Step step);
std::optional<Step> parse_step(std::string_view name);

enum class FaultKind {
  error,  ///< 503 before anything is done
  drop,   ///< the connection closes before anything is done
  lost,   ///< the request is carried out; the connection closes before the answer
  stall,  ///< nothing is done or said until the client leaves
};
std::string_view to_string(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view name);

struct Fault {
  Step step = Step::token;
  FaultKind kind = FaultKind::error;
  int skip = 0;   ///< so many requests of the step pass first
  int count = 1;  ///< then so many go wrong
};

class FaultPlan final {
 public:
  static constexpr std::size_t kMost = 100;

  void add(Fault fault);
  void clear() { faults_.clear(); }
  /// A request has reached `step`: what goes wrong with it, if anything.
  std::optional<FaultKind> next(Step step);
  std::uint64_t reached(Step step) const { return reached_[static_cast<std::size_t>(step)]; }
  std::uint64_t failed() const { return failed_; }
  /// Faults that have not happened yet.
  bool empty() const { return faults_.empty(); }

 private:
  std::deque<Fault> faults_;
  std::array<std::uint64_t, kSteps> reached_{};
  std::uint64_t failed_ = 0;
};

}  // namespace gatehouse::demo
