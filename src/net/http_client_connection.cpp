#include "net/http_client_connection.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "http/server.hpp"

namespace gatehouse::net {
namespace {

constexpr int kInterimAnswers = 16;          // 1xx heads before the real one
constexpr std::size_t kDirectBytes = 4096;   // smaller rests are copied
constexpr std::size_t kGatherBytes = 16384;  // with TLS, smaller bodies share the head's record

bool is_event_stream(const http::Headers& headers) {
  const auto type = headers.find("Content-Type");
  return type && ascii_iequal(trim_ows(type->substr(0, type->find(';'))), "text/event-stream");
}

/// Keeps the connection alive while a wait is pending. When the event loop is destroyed with the
/// wait in it, the task that waits for the connection goes too.
class PendingWait {
 public:
  PendingWait(std::shared_ptr<ClientConnection> connection, Event& event)
      : connection_(std::move(connection)), event_(&event) {}
  PendingWait(PendingWait&&) = default;
  PendingWait& operator=(PendingWait&&) = delete;
  ~PendingWait() {
    if (connection_) event_->abandon();
  }
  std::shared_ptr<ClientConnection> release() { return std::move(connection_); }

 private:
  std::shared_ptr<ClientConnection> connection_;
  Event* event_;
};

}  // namespace

ClientConnection::ClientConnection(ClientShared& shared, std::unique_ptr<Wire> wire,
                                   std::vector<IpAddress> checked)
    : shared_(shared),
      wire_(std::move(wire)),
      checked_(std::move(checked)),
      done_(shared.executor),
      background_(shared.executor),
      idle_(shared.wheel, [this] { gone(); }) {}

std::string& ClientConnection::head() {
  head_.clear();
  return head_;
}

void ClientConnection::start(const Spec& spec) {
  spec_ = spec;
  written_ = 0;
  sent_before_ = wire_->sent();
  parser_.emplace(spec.is_head ? ResponseParser::Body::none : ResponseParser::Body::expected,
                  spec.max_body);
  failure_.reset();
  done_.reset();
  interim_ = 0;
  settled_ = got_bytes_ = streaming_ = complete_ = reusable_ = false;
  state_ = State::exchanging;
  if (wire_->is_tls() && spec_.body.size() <= kGatherBytes) {
    head_.append(spec_.body);
    spec_.body = {};
  }
  write_some();
  if (state_ == State::exchanging) wait_readable();
}

void ClientConnection::write_some() {
  const std::size_t total = head_.size() + spec_.body.size();
  while (written_ < total) {
    const std::size_t of_head = std::min(written_, head_.size());
    const std::size_t of_body = written_ - of_head;
    const iovec pieces[] = {
        {head_.data() + of_head, head_.size() - of_head},
        {const_cast<char*>(spec_.body.data()) + of_body, spec_.body.size() - of_body}};
    const Wire::Step step = wire_->write(pieces);
    if (step.status == Wire::Status::want_write) return wait_writable();
    // Anything else shows up when reading, where an early answer may still be found.
    if (step.status != Wire::Status::done) return;
    written_ += step.count;
  }
}

void ClientConnection::wait_readable() {
  if (reading_) return;
  reading_ = true;
  auto on_ready = [pending = PendingWait(shared_from_this(), done_)](
                      const boost::system::error_code& error) mutable {
    const std::shared_ptr<ClientConnection> self = pending.release();
    self->background_.end();
    self->reading_ = false;
    if (!error) self->on_readable();
  };
  if (wire_->is_drained()) return wait_for_more(wire_->socket(), std::move(on_ready));
  wire_->socket().async_wait(boost::asio::socket_base::wait_read, std::move(on_ready));
}

void ClientConnection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  auto on_ready = [pending = PendingWait(shared_from_this(), done_)](
                      const boost::system::error_code& error) mutable {
    const std::shared_ptr<ClientConnection> self = pending.release();
    self->writing_ = false;
    if (error) return;
    if (self->state_ == State::exchanging) self->write_some();
    // A TLS read may have waited for room to answer a key update.
    if (self->wire_->is_tls() && self->wants_more()) self->read_some();
  };
  wire_->socket().async_wait(boost::asio::socket_base::wait_write, std::move(on_ready));
}

void ClientConnection::on_readable() {
  if (state_ == State::parked) return on_readable_while_parked();
  if (wants_more()) read_some();
}

void ClientConnection::on_readable_while_parked() {
  // TLS session tickets and key updates arrive unasked and are no reason to give up; and the first
  // wait on a socket may end for what has been read already.
  char byte = 0;
  if (wire_->read(&byte, 1).status != Wire::Status::want_read) return gone();
  wait_readable();
  background_.begin();
}

bool ClientConnection::wants_more() const {
  return (state_ == State::exchanging || state_ == State::streaming) && !settled_;
}

void ClientConnection::read_some() {
  bool again = true;
  while (again && wants_more()) {
    Wire::Step step;
    const std::size_t room = pending_.empty() ? parser_->direct_room() : 0;
    std::size_t asked = shared_.scratch.size();
    if (room >= kDirectBytes && !streaming_) {
      asked = std::min(room, asked);
      std::string& body = parser_->body();
      const std::size_t before = body.size();
      body.resize_and_overwrite(before + asked, [&](char* data, std::size_t) {
        step = wire_->read(data + before, asked);
        return before + (step.status == Wire::Status::done ? step.count : 0);
      });
      read_step(step, {});
    } else {
      step = wire_->read(shared_.scratch.data(), asked);
      read_step(step, {shared_.scratch.data(), step.count});
    }
    // TLS may hold back a record.
    again = step.status == Wire::Status::done &&
            (wire_->is_tls() || (step.count == asked && !wire_->is_drained()));
  }
  if (wants_more()) return wait_readable();
  if (settled_) done_.fire();
}

/// `bytes` is empty when they were read straight into the body.
void ClientConnection::read_step(Wire::Step step, std::string_view bytes) {
  switch (step.status) {
    case Wire::Status::done:
      got_bytes_ = true;
      if (!bytes.empty()) return parse(bytes);
      if (Result<void> fed = parser_->feed_direct(step.count); !fed) return fail_with(fed.error());
      return on_progress();
    case Wire::Status::end:
      return on_end();
    case Wire::Status::broken:
      return fail_transport(wire_->reason());
    case Wire::Status::want_write:
      return wait_writable();
    case Wire::Status::want_read:
      return;
  }
}

void ClientConnection::parse(std::string_view bytes) {
  std::string joined;
  if (!pending_.empty()) {
    joined = std::move(pending_);
    joined.append(bytes);
    bytes = joined;
  }
  Result<void> parsed = parse_once(bytes);
  // What is left over belongs to a head or a chunk header that is not complete.
  if (parsed && bytes.size() > limits::kHeaderBytes + ClientShared::kReadBytes)
    parsed = fail(Errc::protocol, "the answer has a chunk header without end");
  pending_.assign(bytes);
  if (!parsed) return fail_with(parsed.error());
  on_progress();
}

Result<void> ClientConnection::parse_once(std::string_view& bytes) {
  while (true) {
    const Result<std::size_t> consumed = parser_->feed(bytes);
    if (!consumed) return std::unexpected(consumed.error());
    bytes.remove_prefix(*consumed);
    if (!parser_->is_complete() || !parser_->is_interim()) return {};
    if (++interim_ > kInterimAnswers) return fail(Errc::protocol, "too many 1xx answers");
    parser_.emplace(spec_.is_head ? ResponseParser::Body::none : ResponseParser::Body::expected,
                    spec_.max_body);
  }
}

void ClientConnection::on_progress() {
  if (parser_->is_complete()) return finish();
  if (streaming_) {
    if (!parser_->body().empty()) settled_ = true;
    return;
  }
  if (!spec_.stream_events || !parser_->has_head()) return;
  if (!is_event_stream(parser_->headers())) return;
  streaming_ = true;
  state_ = State::streaming;
  settled_ = true;
}

void ClientConnection::on_end() {
  if (!got_bytes_) return fail_transport("the connection was closed without an answer");
  if (Result<void> ended = parser_->feed_end(); !ended) {
    if (ended.error().code == Errc::unavailable) return fail_transport(ended.error().detail);
    return fail_with(ended.error());
  }
  finish();
  reusable_ = false;
}

void ClientConnection::finish() {
  complete_ = true;
  const bool is_written = written_ == head_.size() + spec_.body.size();
  reusable_ = parser_->may_reuse_connection() && is_written && pending_.empty();
  if (spec_.stream_events && !streaming_ && is_event_stream(parser_->headers())) streaming_ = true;
  std::string& body = parser_->body();
  body.reserve(body.size() + http::kBodyPadding);
  settled_ = true;
}

void ClientConnection::fail_with(Error error) {
  failure_ = Failure{std::move(error), false};
  close();
  settled_ = true;
}

bool ClientConnection::may_have_arrived() {
  if (got_bytes_) return true;
  if (written_ < head_.size() + spec_.body.size()) return false;
  const auto acknowledged = wire_->acknowledged();
  return !acknowledged || *acknowledged > sent_before_;
}

void ClientConnection::fail_transport(const std::string& why) {
  const bool arrived = may_have_arrived();
  const bool harmless = !arrived || spec_.repeatable;
  failure_ = Failure{{harmless ? Errc::unavailable : Errc::outcome_unknown, why, {}},
                     !got_bytes_ && harmless};
  close();
  settled_ = true;
}

Task<> ClientConnection::more() {
  parser_->body().clear();
  if (complete_ || failure_) co_return;
  done_.reset();
  settled_ = false;
  if (!pending_.empty()) parse({});
  if (settled_) co_return;
  wait_readable();
  co_await done_.wait();
}

void ClientConnection::abort() {
  close();
  if (settled_) return;
  settled_ = true;
  failure_ = Failure{{Errc::unavailable, "the request was aborted", {}}, false};
  done_.fire_later();
}

void ClientConnection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  idle_.clear();
  background_.end();
  wire_->close();
}

void ClientConnection::park(std::chrono::steady_clock::duration idle,
                            std::function<void()> on_gone) {
  state_ = State::parked;
  on_gone_ = std::move(on_gone);
  parser_.reset();
  idle_.set(idle);
  wait_readable();
  background_.begin();
}

void ClientConnection::unpark() {
  state_ = State::fresh;
  idle_.clear();
  background_.end();
  on_gone_ = nullptr;
}

void ClientConnection::gone() {
  close();
  if (const auto on_gone = std::exchange(on_gone_, nullptr)) on_gone();
}

}  // namespace gatehouse::net
