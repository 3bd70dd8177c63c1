// FileLock: one process at a time, until it lets go or dies. For what happens rarely: making and
// replacing the master key.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace gatehouse::vault {

class FileLock final {
 public:
  enum class Wait { yes, no };
  /// Makes the file (0600) where it is missing; it stays. conflict when another holds it and we do
  /// not wait; storage.
  static Result<FileLock> take(const std::filesystem::path& path, Wait wait);
  ~FileLock();
  FileLock(FileLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace gatehouse::vault
