// Secret: a token, key or password. Not printable, not comparable with ==, wiped on destruction.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse {

class Secret final {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  /// The only way to the bytes; each use is a place to look at in review.
  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool same_as(const Secret& other) const;  ///< constant time
  bool operator==(const Secret&) const = delete;

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace gatehouse
