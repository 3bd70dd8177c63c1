// operator new and delete of our programs: freed blocks of up to 2 KB are kept per thread, by size,
// and handed out again. glibc does the same up to 1 KB, at five times the instructions; a call
// allocates some 25 times. As there, a list cannot be led elsewhere by overwriting a freed block
// (its links are masked), and freeing a block twice ends the program. Every block is malloc()'s
// own, so that whoever frees one otherwise does no harm. Sanitizers and valgrind bring their own.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_PLAIN_BLOCKS
#endif
#endif

#if !defined(GATEHOUSE_PLAIN_BLOCKS) && defined(__GLIBC__)
namespace {

struct Block {
  std::uintptr_t masked_next;
  const void* freed_in;  ///< the thread's blocks while it is in one of their lists
};

// glibc's usable sizes are 24, 40, 56 …: class n holds blocks of 16 n + 8 bytes.
constexpr std::size_t kClasses = 128;
constexpr std::size_t kKeptBytes = 256 * 1024;  ///< per thread

struct SmallBlocks {
  Block* free[kClasses];
  std::size_t kept;
  bool registered;  ///< the thread gives everything back when it ends
};

constinit thread_local SmallBlocks blocks{};

std::uintptr_t mask(const Block* at, const Block* next) {
  return (reinterpret_cast<std::uintptr_t>(at) >> 12) ^ reinterpret_cast<std::uintptr_t>(next);
}

Block* next_of(const Block* at) {
  const std::uintptr_t next = at->masked_next ^ (reinterpret_cast<std::uintptr_t>(at) >> 12);
  if ((next & (alignof(std::max_align_t) - 1)) != 0) std::abort();
  return reinterpret_cast<Block*>(next);
}

struct Cleaner {
  Cleaner() { blocks.registered = true; }
  ~Cleaner() {
    blocks.registered = false;  // keeps none from now on
    for (Block*& head : blocks.free) {
      while (head != nullptr) {
        Block* const block = std::exchange(head, next_of(head));
        block->freed_in = nullptr;
        std::free(block);
      }
    }
  }
};

void* new_block(std::size_t bytes) {
  thread_local const Cleaner cleaner;
  (void)cleaner;
  while (true) {
    if (void* memory = std::malloc(bytes)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

void* operator new(std::size_t bytes) {
  const std::size_t index = bytes <= 24 ? 1 : (bytes + 7) / 16;
  if (index >= kClasses) return new_block(bytes);
  SmallBlocks& mine = blocks;
  Block* block = mine.free[index];
  if (block == nullptr) return new_block(index * 16 + 8);
  mine.free[index] = next_of(block);
  mine.kept -= index * 16 + 8;
  block->freed_in = nullptr;
  return block;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  const std::size_t index = malloc_usable_size(memory) / 16;
  SmallBlocks& mine = blocks;
  if (index == 0 || index >= kClasses || !mine.registered ||
      mine.kept + index * 16 + 8 > kKeptBytes)
    return std::free(memory);
  auto* block = static_cast<Block*>(memory);
  if (block->freed_in == &mine) std::abort();
  block->freed_in = &mine;
  block->masked_next = mask(block, mine.free[index]);
  mine.free[index] = block;
  mine.kept += index * 16 + 8;
}

void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  operator delete(memory);
}
#endif
