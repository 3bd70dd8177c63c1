#include "base/secret.hpp"

#include <sodium.h>

#include "base/random.hpp"

namespace gatehouse {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
  }
  return *this;
}

bool Secret::same_as(const Secret& other) const {
  return equal_constant_time(value_, other.value_);
}

void Secret::wipe() noexcept {
  // capacity, not size: a moved-from short string keeps its bytes in the small buffer.
  value_.resize(value_.capacity());
  sodium_memzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace gatehouse
