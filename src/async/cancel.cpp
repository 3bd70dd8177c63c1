#include "async/cancel.hpp"

namespace gatehouse {

CancelSource::Registration& CancelSource::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    reset();
    source_ = std::exchange(other.source_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void CancelSource::Registration::reset() {
  if (source_ == nullptr) return;
  std::erase_if(source_->callbacks_, [this](const auto& entry) { return entry.first == id_; });
  source_ = nullptr;
}

void CancelSource::cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  // A callback may remove others, so each is taken out before it runs.
  while (!callbacks_.empty()) {
    const std::function<void()> callback = std::move(callbacks_.front().second);
    callbacks_.erase(callbacks_.begin());
    callback();
  }
}

CancelSource::Registration CancelSource::on_cancel(std::function<void()> callback) {
  if (cancelled_) {
    callback();
    return {};
  }
  callbacks_.emplace_back(next_id_, std::move(callback));
  return {this, next_id_++};
}

}  // namespace gatehouse
