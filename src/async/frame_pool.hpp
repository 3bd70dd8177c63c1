// FramePool: memory of coroutine frames. A call needs a few dozen, many larger than what malloc()
// serves from a thread's cache, so that freed frames are kept by size, per thread and bounded.
// Sanitizers get plain allocations, so that they see a frame used after its end.
#pragma once

#include <cstddef>
#include <new>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_PLAIN_FRAMES
#endif
#endif

namespace gatehouse::detail {

struct FramePool {
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 64;            ///< frames up to 4 KB
  static constexpr std::size_t kKeptBytes = 512 * 1024;  ///< per thread
  struct Block {
    Block* next;
  };
  Block* free[kClasses];
  std::size_t kept;
  bool registered;  ///< the thread gives everything back when it ends
};

extern constinit thread_local FramePool frame_pool;

/// The slow paths.
void* new_frame(std::size_t bytes);
void drop_frame(void* memory) noexcept;

inline void* allocate_frame(std::size_t bytes) {
#ifdef GATEHOUSE_PLAIN_FRAMES
  return ::operator new(bytes);
#else
  const std::size_t index = (bytes - 1) / FramePool::kStep;
  FramePool& pool = frame_pool;
  if (index >= FramePool::kClasses || pool.free[index] == nullptr)
    return new_frame((index + 1) * FramePool::kStep);
  FramePool::Block* block = pool.free[index];
  pool.free[index] = block->next;
  pool.kept -= (index + 1) * FramePool::kStep;
  return block;
#endif
}

inline void free_frame(void* memory, std::size_t bytes) noexcept {
#ifdef GATEHOUSE_PLAIN_FRAMES
  ::operator delete(memory, bytes);
#else
  const std::size_t index = (bytes - 1) / FramePool::kStep;
  FramePool& pool = frame_pool;
  const std::size_t size = (index + 1) * FramePool::kStep;
  if (index >= FramePool::kClasses || !pool.registered || pool.kept + size > FramePool::kKeptBytes)
    return drop_frame(memory);
  auto* block = static_cast<FramePool::Block*>(memory);
  block->next = pool.free[index];
  pool.free[index] = block;
  pool.kept += size;
#endif
}

}  // namespace gatehouse::detail

namespace gatehouse {

/// For containers that live as long as a call: memory from the frames' pool.
template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>& /*other*/) noexcept {}  // NOLINT(*-explicit-*)
  T* allocate(std::size_t count) {
    return static_cast<T*>(detail::allocate_frame(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    detail::free_frame(memory, count * sizeof(T));
  }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }
};

}  // namespace gatehouse
