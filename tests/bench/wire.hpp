// What the benchmark's ends share: HTTP/1.1 messages on non-blocking sockets, read with as few
// system calls as possible, so that what is measured is the proxy between them. Only for peers we
// start ourselves: it checks little.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::bench {

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

[[noreturn]] inline void die_errno(const char* what) {
  die(std::string(what) + ": " + std::strerror(errno));
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Small messages leave at once; nobody blocks.
inline void make_prompt(int fd) {
  const int on = 1;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die_errno("TCP_NODELAY");
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die_errno("O_NONBLOCK");
}

struct Message {
  std::string_view head;  ///< up to and with the empty line
  std::string_view body;
};

/// The value of a header whose name is given in lower case; empty when it is not there.
inline std::string header_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return std::string(value);
  }
  return {};
}

/// The bytes of one direction of one connection.
class Incoming {
 public:
  enum class State { open, closed };

  /// Reads what there is, once.
  State fill(int fd) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == buffer_.size()) {
      buffer_.erase(0, begin_);
      end_ -= begin_;
      begin_ = 0;
      buffer_.resize(std::max(buffer_.size(), 2 * end_));
    }
    const ssize_t got = ::recv(fd, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got > 0) end_ += static_cast<std::size_t>(got);
    if (got == 0) return State::closed;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return State::closed;
    return State::open;
  }

  /// The next complete message, if it is here; valid until the next fill() or take().
  bool take(Message& message) {
    if (begin_ == end_) return false;
    const std::string_view bytes(buffer_.data() + begin_, end_ - begin_);
    if (head_size_ == 0) {
      const std::size_t at = bytes.find("\r\n\r\n");
      if (at == std::string_view::npos) return false;
      head_size_ = at + 4;
      const std::string_view head = bytes.substr(0, head_size_);
      chunked_ = head.find("chunked") != std::string_view::npos;
      body_size_ = chunked_ ? 0 : content_length(head);
      joined_.clear();
    }
    if (chunked_ && !join_chunks(bytes)) return false;
    if (bytes.size() < head_size_ + body_size_) return false;
    const std::string_view body = bytes.substr(head_size_, body_size_);
    message = {bytes.substr(0, head_size_), chunked_ ? std::string_view(joined_) : body};
    begin_ += head_size_ + std::exchange(body_size_, 0);
    head_size_ = 0;
    return true;
  }

  /// The head of a message whose body has no end, such as a stream that stays open.
  bool take_head(std::string_view& head) {
    const std::string_view bytes(buffer_.data() + begin_, end_ - begin_);
    const std::size_t at = bytes.find("\r\n\r\n");
    if (at == std::string_view::npos) return false;
    head = bytes.substr(0, at + 4);
    begin_ = end_;
    return true;
  }

  bool in_message() const { return begin_ != end_; }

 private:
  /// Goes on after the chunks read so far, which body_size_ counts with their framing.
  bool join_chunks(std::string_view bytes) {
    while (true) {
      const std::string_view rest = bytes.substr(head_size_ + body_size_);
      const std::size_t line = rest.find("\r\n");
      if (line == std::string_view::npos) return false;
      std::size_t size = 0;
      std::from_chars(rest.data(), rest.data() + line, size, 16);
      if (rest.size() < line + 2 + size + 2) return false;
      joined_.append(rest.substr(line + 2, size));
      body_size_ += line + 2 + size + 2;
      if (size == 0) return true;
    }
  }

  static std::size_t content_length(std::string_view head) {
    const std::string value = header_of(head, "content-length");
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    return length;
  }

  std::string buffer_ = std::string(std::size_t{128} * 1024, '\0');
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;
  bool chunked_ = false;
  std::string joined_;
};

/// Bytes that the socket did not take at once.
class Outgoing {
 public:
  enum class State { sent, blocked, broken };

  State send(int fd, std::string_view bytes) {
    rest_.append(bytes);
    return flush(fd);
  }

  State flush(int fd) {
    std::size_t at = 0;
    while (at < rest_.size()) {
      const ssize_t put = ::send(fd, rest_.data() + at, rest_.size() - at, MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const bool full = errno == EAGAIN;
        rest_.erase(0, at);
        return full ? State::blocked : State::broken;
      }
      at += static_cast<std::size_t>(put);
    }
    rest_.clear();
    return State::sent;
  }

 private:
  std::string rest_;
};

inline void watch(int poll, int operation, int fd, std::uint32_t events, void* who) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (::epoll_ctl(poll, operation, fd, &event) != 0) die_errno("epoll_ctl");
}

}  // namespace gatehouse::bench
