// ReadBuffer: a flat buffer that bytes are appended to at the end and taken from at the front.
// Starts large enough for a request or an answer in one read (Beast's flat_buffer starts at 512
// bytes and costs five reads). Pure.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace gatehouse::net {

class ReadBuffer final {
 public:
  static constexpr std::size_t kReadBytes = 8192;    ///< room offered for one read, at least
  static constexpr std::size_t kLargeBytes = 65536;  ///< the same while a long body arrives

  std::string_view view() const { return {storage_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// At least `room` writable bytes behind the content. Invalidates views.
  std::span<char> prepare(std::size_t room = kReadBytes) {
    if (empty()) begin_ = end_ = 0;
    if (capacity_ - end_ < room) make_room(room);
    return {storage_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  /// Gives the memory back when nothing is in it.
  void release() {
    if (!empty()) return;
    storage_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void make_room(std::size_t room) {
    const std::size_t used = size();
    if (capacity_ - used >= room) {
      std::memmove(storage_.get(), storage_.get() + begin_, used);
    } else {
      const std::size_t wanted = used + room;
      std::unique_ptr<char[]> bigger(new char[wanted]);
      if (used != 0) std::memcpy(bigger.get(), storage_.get() + begin_, used);
      storage_ = std::move(bigger);
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> storage_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace gatehouse::net
