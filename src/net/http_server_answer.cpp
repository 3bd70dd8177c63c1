// The sending half of HttpConnection. A complete answer is one gathered write of head and body; of
// a streamed one everything written within one turn of the event loop is one write, head and last
// chunk included. Sockets are asked directly first; only what they do not take waits for the loop.
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "net/http_server_connection.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kCopyBytes = 16 * 1024;  ///< up to here copying is cheaper than gathering
constexpr std::size_t kGather = 16;            ///< pieces handed to the kernel at once

}  // namespace

bool HttpConnection::persistent() const {
  return !close_after_ && !server_->draining && !read_error_;
}

void HttpConnection::compose_head(int status, const http::Headers& headers, bool chunked,
                                  std::optional<std::uint64_t> length) {
  if (!persistent()) close_after_ = true;
  append_response_head(out_, status, headers, server_->date.now(),
                       {.http_1_0 = parser_.http_1_0(),
                        .keep_alive = !close_after_,
                        .chunked = chunked,
                        .content_length = length});
}

Task<> HttpConnection::respond(int status, const http::Headers& headers,
                               std::span<const std::string_view> pieces) {
  if (answer_ != Answer::none) {
    server_->logger.error("answered_twice", {{"request_id", request_id_}});
    co_return;
  }
  answer_ = Answer::complete;
  std::size_t length = 0;
  for (const std::string_view piece : pieces) length += piece.size();
  out_.clear();
  compose_head(status, headers, false, length);
  const bool with_body = body_wanted_ && has_body(status);
  const bool copied = length <= kCopyBytes;
  if (with_body && copied) {
    for (const std::string_view piece : pieces) out_ += piece;
  }
  queue_.push_back(out_);
  if (with_body && !copied) {
    for (const std::string_view piece : pieces) {
      if (!piece.empty()) queue_.push_back(piece);
    }
  }
  pump();
  while (!queue_.empty() && !broken_) co_await write_waiter_.wait();
  out_.clear();
}

Task<> HttpConnection::send_now(std::string_view bytes) {
  queue_.push_back(bytes);
  pump();
  while (!queue_.empty() && !broken_) co_await write_waiter_.wait();
}

Task<Result<void>> HttpConnection::start_stream(int status, const http::Headers& headers) {
  if (answer_ != Answer::none) co_return fail(Errc::bug, "the exchange is answered already");
  answer_ = Answer::streaming;
  // HTTP/1.0 knows no chunks: there the body ends with the connection.
  chunked_ = !parser_.http_1_0() && has_body(status);
  if (parser_.http_1_0()) close_after_ = true;
  out_.clear();
  compose_head(status, headers, chunked_, std::nullopt);
  if (!has_body(status)) body_wanted_ = false;
  in_.release();  // streams may last for hours; a pending wait needs no room
  schedule_flush();
  if (broken_) co_return fail(Errc::unavailable, "the client has closed the connection");
  co_return Result<void>{};
}

Task<Result<void>> HttpConnection::write(std::string_view bytes) {
  if (answer_ != Answer::streaming) co_return fail(Errc::bug, "no answer is being streamed");
  if (!broken_ && body_wanted_) append_stream(bytes);
  while (out_.size() > limits::kStreamBufferBytes && !broken_) {
    flush_stream();
    if (out_.size() <= limits::kStreamBufferBytes || broken_) break;
    co_await write_waiter_.wait();
  }
  if (broken_) co_return fail(Errc::unavailable, "the client has closed the connection");
  co_return Result<void>{};
}

void HttpConnection::append_stream(std::string_view bytes) {
  if (chunked_) {
    append_chunk(out_, bytes);
  } else {
    out_ += bytes;
  }
  schedule_flush();
}

Task<> HttpConnection::finish() {
  if (answer_ != Answer::streaming) co_return;
  if (chunked_ && body_wanted_) out_ += "0\r\n\r\n";
  flush_stream();
  while (!sent_all() && !broken_) co_await write_waiter_.wait();
  answer_ = Answer::finished;
  out_.clear();
  boost::system::error_code ignored;
  if (close_early_) socket_.shutdown(TcpSocket::shutdown_send, ignored);
  if (flight_.capacity() > limits::kStreamBufferBytes) flight_ = {};
}

/// At the end of this turn of the loop, so that several writes become one.
void HttpConnection::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  boost::asio::post(server_->executor, [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    if (self->answer_ == Answer::streaming) self->flush_stream();
  });
}

void HttpConnection::flush_stream() {
  if (broken_ || !queue_.empty() || out_.empty()) return;
  flight_.clear();
  flight_.swap(out_);
  queue_.push_back(flight_);
  pump();
}

/// Sends as much of the queue as the socket takes, and goes on by itself when it takes more.
void HttpConnection::pump() {
  if (awaiting_writable_ || broken_) return;
  while (!queue_.empty()) {
    std::array<iovec, kGather> pieces;
    std::size_t count = 0;
    for (const std::string_view piece : queue_) {
      if (count == pieces.size()) break;
      pieces[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      consume_queue(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      awaiting_writable_ = true;
      deadline_.set(server_->config.write_stall);
      socket_.async_wait(TcpSocket::wait_write,
                         [self = shared_from_this()](boost::system::error_code error) {
                           self->on_writable(error);
                         });
      return;
    } else if (errno != EINTR) {
      return fail_writing();
    }
  }
}

void HttpConnection::consume_queue(std::size_t bytes) {
  std::size_t done = 0;
  while (done < queue_.size() && bytes >= queue_[done].size()) bytes -= queue_[done++].size();
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(done));
  if (!queue_.empty()) queue_.front().remove_prefix(bytes);
}

void HttpConnection::on_writable(boost::system::error_code error) {
  awaiting_writable_ = false;
  if (broken_) return;
  if (error) return fail_writing();
  deadline_.clear();
  pump();
  if (queue_.empty() && answer_ == Answer::streaming) flush_stream();
  write_waiter_.wake();
}

void HttpConnection::fail_writing() {
  if (broken_) return;
  broken_ = true;
  deadline_.clear();
  close();
  if (disconnected_) disconnected_->cancel();
  write_waiter_.wake();
}

}  // namespace gatehouse::net
