#include "upstream/breaker.hpp"

namespace gatehouse::upstream {

Verdict Breaker::admit(SteadyTime now) {
  if (!open()) return Verdict::allow;
  if (probing_ || now < retry_at()) return Verdict::reject;
  probing_ = true;
  return Verdict::probe;
}

void Breaker::on_answer() {
  failures_ = 0;
  probing_ = false;
}

void Breaker::on_failure(SteadyTime now) {
  probing_ = false;
  if (failures_ < settings_.max_failures) ++failures_;
  if (open()) opened_at_ = now;
}

void Breaker::on_abandoned() {
  probing_ = false;
}

}  // namespace gatehouse::upstream
