#include "async/frame_pool.hpp"

#include <cstdlib>
#include <utility>

namespace gatehouse::detail {

constinit thread_local FramePool frame_pool{};

namespace {

/// Gives the blocks of a thread back when it ends; frames that end still later are freed at once.
struct Cleaner {
  Cleaner() { frame_pool.registered = true; }
  ~Cleaner() {
    for (FramePool::Block*& head : frame_pool.free) {
      while (head != nullptr) std::free(std::exchange(head, head->next));
    }
    frame_pool.kept = FramePool::kKeptBytes;  // keeps none from now on
  }
};

}  // namespace

void* new_frame(std::size_t bytes) {
  thread_local const Cleaner cleaner;
  (void)cleaner;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void drop_frame(void* memory) noexcept {
  std::free(memory);
}

}  // namespace gatehouse::detail
