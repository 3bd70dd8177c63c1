#include "demo/fault_plan.hpp"

namespace gatehouse::demo {
namespace {

constexpr std::array<std::string_view, kSteps> kStepNames{
    "resource_metadata",    "server_metadata", "registration", "authorize", "consent",
    "device_authorization", "token",           "revocation",   "mcp"};
constexpr std::array<std::string_view, 4> kKindNames{"error", "drop", "lost", "stall"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Step step) {
  return kStepNames[static_cast<std::size_t>(step)];
}

std::optional<Step> parse_step(std::string_view name) {
  return parse<Step>(kStepNames, name);
}

std::string_view to_string(FaultKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
  return parse<FaultKind>(kKindNames, name);
}

void FaultPlan::add(Fault fault) {
  if (faults_.size() < kMost && fault.count > 0) faults_.push_back(fault);
}

std::optional<FaultKind> FaultPlan::next(Step step) {
  ++reached_[static_cast<std::size_t>(step)];
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->step != step) continue;
    if (fault->skip > 0) {
      --fault->skip;
      return std::nullopt;  // one fault at a time decides about a step
    }
    const FaultKind kind = fault->kind;
    if (--fault->count == 0) faults_.erase(fault);
    ++failed_;
    return kind;
  }
  return std::nullopt;
}

}  // namespace gatehouse::demo
