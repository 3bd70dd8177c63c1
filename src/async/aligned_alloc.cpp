// Stands in for the C library's aligned_alloc() in our programs. Asio asks it for the memory of
// operations, with the alignment that malloc() has anyway; but in glibc before 2.38
// aligned_alloc() never takes from the thread's cache of freed blocks, and costs five times as
// much. Sanitizers bring their own.
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_KEEPS_ALIGNED_ALLOC
#endif
#endif

#ifndef GATEHOUSE_KEEPS_ALIGNED_ALLOC
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
  void* memory = nullptr;
  const int failed = ::posix_memalign(&memory, alignment, size);
  if (failed == 0) return memory;
  errno = failed;
  return nullptr;
}
#endif
