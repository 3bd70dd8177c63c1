// Reading and the life of a connection; the sending half is in http_server_answer.cpp.
#include "net/http_server_connection.hpp"

#include <charconv>

#include "async/start.hpp"
#include "async/timer.hpp"
#include "base/random.hpp"

namespace gatehouse::net {
namespace {

constexpr std::size_t kWatchRoom = 512;         ///< a watching read needs little
constexpr std::size_t kWatchBytes = 64 * 1024;  ///< pipelined bytes kept while a handler works

}  // namespace

HttpServerState::HttpServerState(Executor executor_in, Logger& logger_in, ServerConfig config_in,
                                 http::Handler& handler_in)
    : executor(executor_in),
      logger(logger_in),
      config(std::move(config_in)),
      handler(handler_in),
      wheel(executor_in),
      changed(executor_in),
      request_id_prefix(random_token(6) + "-") {}

HttpConnection::HttpConnection(std::shared_ptr<HttpServerState> server, TcpSocket socket,
                               std::string peer)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      deadline_(server_->wheel, [this] { on_deadline(); }),
      parser_(server_->config.max_header_bytes, server_->config.max_body_bytes) {
  ask_for_rest(socket_.native_handle());
  server_->connections.insert(this);
}

HttpConnection::~HttpConnection() {
  server_->connections.erase(this);
}

void HttpConnection::start() {
  auto on_end = [server = server_, raw = this](const std::exception_ptr& exception) {
    server->connections.erase(raw);
    if (exception && !detail::is_cancellation(exception))
      server->logger.error("http_connection_failed");
    server->changed.notify_all();
  };
  gatehouse::start(server_->executor, run(shared_from_this()), std::move(on_end), &kill_);
}

Task<> HttpConnection::run(std::shared_ptr<HttpConnection> /*self*/) {
  while (co_await receive()) {
    if (!co_await serve()) break;
    parser_.reset();
  }
  deadline_.clear();
  close();
}

/// Reads until a request is whole. False when the connection is to end.
Task<bool> HttpConnection::receive() {
  enter(Phase::idle);
  while (true) {
    if (!in_.empty()) {
      const bool had_head = parser_.head_complete();
      const RequestParser::Progress progress = parser_.feed(in_.view());
      in_.consume(progress.consumed);
      if (progress.step == RequestParser::Step::complete) co_return true;
      if (progress.step == RequestParser::Step::refused) {
        co_await refuse(parser_.refusal_status(), parser_.refusal_reason());
        co_return false;
      }
      if (parser_.head_complete()) {
        if (phase_ != Phase::body) enter(Phase::body);
        if (!had_head && parser_.expects_continue() && in_.empty()) {
          co_await send_now("HTTP/1.1 100 Continue\r\n\r\n");
          enter(Phase::body);
        }
      } else if (phase_ == Phase::idle && !in_.empty()) {
        enter(Phase::head);
      }
    }
    if (server_->draining && phase_ == Phase::idle) co_return false;
    if (!reading_ && !read_error_) start_read();
    if (reading_) co_await read_waiter_.wait();
    if (timed_out_ && phase_ != Phase::idle) co_await refuse(408, "the request took too long");
    if (timed_out_ || read_error_) co_return false;
  }
}

/// Lets the handler answer. False when the connection is to end.
Task<bool> HttpConnection::serve() {
  enter(Phase::exchange);
  make_request_id();
  answer_ = Answer::none;
  body_wanted_ = parser_.request().method != "HEAD";
  close_after_ = !parser_.keep_alive();
  std::exception_ptr failure;
  try {
    co_await server_->handler.handle(*this);
  } catch (...) {
    failure = std::current_exception();
  }
  const bool unwanted = broken_ || (disconnected_ && disconnected_->cancelled());
  if (failure && unwanted && detail::is_cancellation(failure)) co_return false;
  if (failure || answer_ == Answer::none) log_failure(failure);
  if (answer_ == Answer::none) {
    close_after_ = true;
    http::Response response{500, {{"X-Request-Id", request_id_}}, "internal error\n"};
    response.headers.add("Content-Type", "text/plain");
    co_await Exchange::respond(std::move(response));
  } else if (answer_ == Answer::streaming) {
    if (failure) co_return false;  // without the last chunk the peer knows that it is incomplete
    co_await finish();
  }
  disconnected_.reset();
  co_return !broken_ && !close_after_;
}

void HttpConnection::log_failure(const std::exception_ptr& exception) {
  std::string what = "the handler returned without an answer";
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "unknown exception";
  }
  server_->logger.error("request_failed", {{"request_id", request_id_},
                                           {"method", parser_.request().method},
                                           {"error", std::move(what)}});
}

/// Answers what never got to the handler, and closes.
Task<> HttpConnection::refuse(int status, std::string_view reason) {
  enter(Phase::exchange);
  answer_ = Answer::none;
  body_wanted_ = parser_.request().method != "HEAD";
  close_after_ = true;
  http::Response response{status, {{"Content-Type", "text/plain"}}, std::string(reason) + "\n"};
  co_await Exchange::respond(std::move(response));
  co_await linger();
}

/// Closing with unread bytes resets the connection and the answer with it (RFC 9112 §9.6): reads on
/// for a moment.
Task<> HttpConnection::linger() {
  if (broken_) co_return;
  timed_out_ = false;
  enter(Phase::lingering);
  boost::system::error_code ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  while (!read_error_ && !timed_out_) {
    in_.consume(in_.size());
    if (!reading_) start_read();
    co_await read_waiter_.wait();
  }
}

void HttpConnection::enter(Phase phase) {
  phase_ = phase;
  const ServerConfig& config = server_->config;
  switch (phase) {
    case Phase::idle:
      return deadline_.set(config.idle);
    case Phase::head:
      return deadline_.set(config.head_deadline);
    case Phase::body:
      return deadline_.set(config.body_deadline);
    case Phase::exchange:
      return deadline_.clear();
    case Phase::lingering:
      return deadline_.set(limits::kLinger);
  }
}

void HttpConnection::on_deadline() {
  timed_out_ = true;
  boost::system::error_code ignored;
  if (phase_ == Phase::exchange) {
    server_->logger.info("http_peer_stalled", {{"request_id", request_id_}});
    fail_writing();
  } else {
    socket_.cancel(ignored);  // ends the read, which wakes run()
  }
}

void HttpConnection::make_request_id() {
  std::array<char, 20> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), server_->next_request++, 16);
  request_id_ = server_->request_id_prefix;
  request_id_.append(digits.data(), end.ptr);
}

void HttpConnection::start_read() {
  reading_ = true;
  auto on_ready = [self = shared_from_this()](boost::system::error_code error) {
    self->on_readable(error);
  };
  if (rest_ == Rest::nothing) return wait_for_more(socket_, std::move(on_ready));
  socket_.async_wait(TcpSocket::wait_read, std::move(on_ready));
}

void HttpConnection::on_readable(boost::system::error_code error) {
  if (error) return on_read(error, 0);
  const std::size_t room = phase_ == Phase::exchange ? kWatchRoom
                           : phase_ == Phase::body   ? ReadBuffer::kLargeBytes
                                                     : ReadBuffer::kReadBytes;
  const std::span<char> space = in_.prepare(room);
  const ssize_t count = receive_some(socket_.native_handle(), space.data(), space.size(), rest_);
  if (count > 0) return on_read({}, static_cast<std::size_t>(count));
  if (count == 0) return on_read(boost::asio::error::eof, 0);
  if (rest_ == Rest::nothing) return start_read();
  on_read({errno, boost::system::system_category()}, 0);
}

void HttpConnection::on_read(boost::system::error_code error, std::size_t bytes) {
  reading_ = false;
  in_.commit(bytes);
  if (error && !(timed_out_ && phase_ != Phase::exchange)) read_error_ = error;
  if (read_waiter_.waiting()) return read_waiter_.wake();
  // The watch of disconnected(): what arrives meanwhile is the next request, or the end.
  if (!disconnected_) return;
  if (read_error_) {
    disconnected_->cancel();
  } else if (in_.size() < kWatchBytes) {
    start_read();
  }
}

CancelSource& HttpConnection::disconnected() {
  if (!disconnected_) {
    disconnected_.emplace();
    if (read_error_ || broken_) {
      disconnected_->cancel();
    } else if (!reading_ && in_.size() < kWatchBytes) {
      start_read();
    }
  }
  return *disconnected_;
}

void HttpConnection::begin_drain() {
  boost::system::error_code ignored;
  if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void HttpConnection::cancel_exchange() {
  if (phase_ == Phase::exchange) {
    disconnected().cancel();
  } else {
    close();
  }
}

void HttpConnection::kill() {
  const std::shared_ptr<HttpConnection> self = shared_from_this();
  fail_writing();
  kill_.cancel();
}

void HttpConnection::abandon() {
  read_waiter_.abandon();
  write_waiter_.abandon();
}

void HttpConnection::close() {
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.close(ignored);
}

}  // namespace gatehouse::net
