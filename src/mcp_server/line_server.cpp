#include "mcp_server/line_server.hpp"

#include <fmt/format.h>

#include "base/random.hpp"
#include "mcp/capabilities.hpp"
#include "mcp/versions.hpp"
#include "mcp_server/answer.hpp"
#include "mcp_server/envelope.hpp"
#include "mcp_server/line_call.hpp"
#include "mcp_server/run_service.hpp"

namespace gatehouse::mcp_server {
namespace {

using jsonrpc::MessageKind;

Reply::Failure unreadable(const Error& error) {
  const bool json = error.code == Errc::invalid_argument;
  return {json ? jsonrpc::kInvalidRequest : jsonrpc::kParseError, error.detail, {}, 0};
}

/// Counts a task of the server for as long as it runs.
class Running final {
 public:
  Running(std::size_t& count, Condition& changed) : count_(count), changed_(changed) { ++count_; }
  ~Running() {
    --count_;
    changed_.notify_all();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::size_t& count_;
  Condition& changed_;
};

}  // namespace

LineServer::LineServer(Service& service, std::shared_ptr<const Caller> caller,
                       jsonrpc::LineChannel& channel, TaskGroup& tasks, Logger& logger,
                       EndpointSettings settings)
    : service_(service),
      caller_(std::move(caller)),
      channel_(channel),
      tasks_(tasks),
      logger_(logger),
      settings_(std::move(settings)),
      asks_(tasks.executor()),
      changed_(tasks.executor()),
      request_prefix_("line-" + random_token(6) + "-") {}

Task<> LineServer::run() {
  const std::shared_ptr<LineServer> self = shared_from_this();
  while (true) {
    auto line = co_await channel_.read_line();
    if (!line) {
      logger_.warn("line_channel_failed", {{"error", describe(line.error())}});
      break;
    }
    if (!*line) break;
    co_await on_line(std::make_shared<const Line>(Line{std::move(**line), caller_}));
    // Refusals and notes pile up only for a client that does not read: it is not read either.
    while (running_ > 4 * settings_.max_line_calls) co_await changed_.wait();
  }
  close();
  while (running_ != 0) co_await changed_.wait();
}

Task<bool> LineServer::take(std::string text, std::shared_ptr<const Caller> caller) {
  const std::shared_ptr<LineServer> self = shared_from_this();
  if (closed_ || running_ > 4 * settings_.max_line_calls) co_return false;
  co_await on_line(std::make_shared<const Line>(Line{std::move(text), std::move(caller)}));
  co_return true;
}

void LineServer::close() {
  if (std::exchange(closed_, true)) return;
  following_.stop(service_, *this);
  calls_.cancel_all();
  asks_.fail_all({Errc::unavailable, "the client has closed the channel", {}});
}

Task<> LineServer::counted(std::shared_ptr<LineServer> self, Task<> work) {
  const Running running(self->running_, self->changed_);
  co_await std::move(work);
}

void LineServer::spawn(std::string name, Task<> work) {
  tasks_.spawn(std::move(name), counted(shared_from_this(), std::move(work)));
}

Task<Result<void>> LineServer::write(std::string_view json) {
  std::string line;
  if (jsonrpc::drop_line_breaks(json, line)) json = line;
  // What was posted before goes first: no progress behind its answer.
  if (!queued_.empty()) co_await write_queued();
  co_return co_await channel_.write_line(json);
}

Task<Result<void>> LineServer::write_queued() {
  while (!queued_.empty()) {
    const std::string line = std::move(queued_.front());
    queued_.pop_front();
    queued_bytes_ -= line.size();
    const auto written = co_await channel_.write_line(line);
    if (!written) co_return written;
  }
  co_return Result<void>{};
}

Task<> LineServer::run_writing() {
  co_await write_queued();
  writing_ = false;
}

void LineServer::write_later(std::string_view json) {
  if (queued_bytes_ > limits::kStreamBufferBytes) return;  // the client does not keep up
  write_surely(json);
}

void LineServer::write_surely(std::string_view json) {
  std::string line;
  if (!jsonrpc::drop_line_breaks(json, line)) line = json;
  queued_bytes_ += line.size();
  queued_.push_back(std::move(line));
  if (std::exchange(writing_, true)) return;
  spawn("line_notifications", run_writing());
}

Task<Result<std::string>> LineServer::ask(std::string_view method, std::string_view params,
                                          CancelSource& cancel) {
  const std::shared_ptr<PendingAsks::Ask> ask = asks_.open();
  const std::string question = jsonrpc::make_request(ask->id, method, params);
  const auto sent = co_await write(question);
  if (!sent) co_return std::unexpected(sent.error());
  auto answer = co_await asks_.wait(ask, settings_.ask_timeout, cancel, nullptr);
  if (!answer && answer.error().code == Errc::timeout) {
    write_later(jsonrpc::make_notification(
        "notifications/cancelled",
        fmt::format(R"({{"requestId":{},"reason":"no answer in time"}})", ask->id)));
  }
  co_return answer;
}

Task<> LineServer::on_line(LinePtr line) {
  const std::string& text = line->text;
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) co_return;
  if (text[first] == '[' && settings_.eras != Eras::modern_only) {
    co_return co_await on_batch(std::move(line));
  }
  auto message = jsonrpc::prove(text);
  if (!message) {
    const std::string id = jsonrpc::best_effort_id(text);
    co_return co_await fail_request(line, id, unreadable(message.error()));
  }
  if (message->kind != MessageKind::request) co_return on_note(*message);
  on_request(std::move(line), std::move(*message));
}

/// A notification, or an answer to a question of ours.
void LineServer::on_note(const jsonrpc::Message& message) {
  if (message.kind != MessageKind::notification) {
    asks_.on_answer(message);  // one that came too late is ignored (C-1)
  } else if (message.method == "notifications/cancelled") {
    calls_.cancel(message.member("requestId"));
  } else if (message.method == "notifications/initialized" && !version_.empty()) {
    spawn("line_follow", follow());
  }
}

/// 2025-03-26 only (B-2): one array in, one array out.
Task<> LineServer::on_batch(LinePtr line) {
  auto messages = jsonrpc::prove_batch(line->text);
  if (!messages) co_return co_await fail_request(line, {}, unreadable(messages.error()));
  if (version_ != "2025-03-26") {
    co_return co_await fail_request(
        line, {}, {jsonrpc::kInvalidRequest, "batches ended with 2025-03-26", {}, 0});
  }
  std::vector<jsonrpc::Message> requests;
  for (jsonrpc::Message& message : *messages) {
    if (message.kind == MessageKind::request) {
      requests.push_back(std::move(message));
    } else {
      on_note(message);
    }
  }
  if (!requests.empty()) spawn("line_batch", serve_batch(std::move(line), std::move(requests)));
}

Task<> LineServer::serve_batch(LinePtr line, std::vector<jsonrpc::Message> requests) {
  std::string answers;
  for (jsonrpc::Message& message : requests) {
    const mcp::Era era = classify(message, std::nullopt);
    const std::string id(message.id);
    auto wrong = objection(message, era);
    if (!wrong && era == mcp::Era::modern) {
      wrong = {jsonrpc::kInvalidRequest, "batches ended with 2025-03-26", {}, 0};
    }
    if (!wrong && message.method == "initialize") {
      wrong = {jsonrpc::kInvalidRequest, "initialize is never part of a batch", {}, 0};
    }
    if (!wrong && answers.size() > limits::kUpstreamBodyBytes) {
      wrong = {jsonrpc::kInvalidRequest, "the batch is too large (kUpstreamBodyBytes)", {}, 0};
    }
    std::string text =
        wrong ? Answer(id, *wrong).text() : co_await answer_text(line, std::move(message), era);
    if (text.empty()) continue;
    answers.append(answers.empty() ? "[" : ",").append(text);
  }
  if (!answers.empty()) co_await write(answers += ']');
}

/// What is wrong with a request before its method is looked at.
std::optional<Reply::Failure> LineServer::objection(const jsonrpc::Message& message,
                                                    mcp::Era era) const {
  if (calls_.size() >= settings_.max_line_calls) {
    return Reply::Failure{
        jsonrpc::kInternalError, "too many requests under way (max_line_calls)", {}, 0};
  }
  if (era == mcp::Era::modern) {
    if (settings_.eras == Eras::legacy_only) {
      return Reply::Failure{jsonrpc::kInvalidRequest, "initialize first", {}, 0};
    }
    if (auto wrong = check_meta(message)) return wrong;
    if (auto wrong = check_version(message)) return wrong;
    if (is_removed_method(message.method)) return unknown_method(message.method);
    return std::nullopt;
  }
  if (settings_.eras == Eras::modern_only) {
    return unsupported_version(message.string_member("protocolVersion").value_or("unknown"));
  }
  if (message.method == "server/discover") return unknown_method(message.method);
  const bool may_come_first = message.method == "initialize" || message.method == "ping";
  if (version_.empty() && !may_come_first) {
    return Reply::Failure{jsonrpc::kInvalidRequest, "initialize first", {}, 0};
  }
  return std::nullopt;
}

void LineServer::on_request(LinePtr line, jsonrpc::Message message) {
  const mcp::Era era = classify(message, std::nullopt);
  const bool first = era == mcp::Era::legacy && message.method == "initialize";
  auto wrong = objection(message, era);
  if (!wrong && first) wrong = agree(message);
  const std::string_view id = message.id;
  if (wrong) {
    spawn("line_refusal", fail_request(std::move(line), id, std::move(*wrong)));
  } else if (first) {
    spawn("line_initialize", welcome(std::move(line), id));
  } else if (era == mcp::Era::modern && message.method == "subscriptions/listen") {
    spawn("line_listen", listen(std::move(line), std::move(message)));
  } else {
    spawn("line_request", serve(std::move(line), std::move(message), era));
  }
}

/// `line` keeps the bytes of `id` alive.
Task<> LineServer::fail_request(LinePtr /*line*/, std::string_view id, Reply::Failure failure) {
  const std::string text = Answer(id, failure).text();
  co_await write(text);
}

/// At once, not in a task of its own, so that requests right behind it find the channel
/// initialized.
std::optional<Reply::Failure> LineServer::agree(const jsonrpc::Message& message) {
  const auto requested = message.string_member("protocolVersion");
  const std::string_view declared = message.member("capabilities");
  auto capabilities = mcp::parse_client_capabilities(declared.empty() ? "{}" : declared);
  if (!requested || !capabilities) {
    return Reply::Failure{
        jsonrpc::kInvalidParams,
        requested ? capabilities.error().detail : "params.protocolVersion must be a string",
        {},
        0};
  }
  if (!version_.empty()) {
    return Reply::Failure{jsonrpc::kInvalidRequest, "this channel is initialized already", {}, 0};
  }
  version_ = *requested == mcp::kOldestVersion ? mcp::kOldestVersion
                                               : mcp::negotiate_legacy_version(*requested);
  capabilities_ = std::move(*capabilities);
  return std::nullopt;
}

/// `line` keeps the bytes of `id` alive.
Task<> LineServer::welcome(LinePtr line, std::string_view id) {
  const ServerDescription description = co_await service_.describe(*line->caller);
  const std::string result = make_initialize_result(description, version_);
  const std::string answer = jsonrpc::make_result(id, result);
  co_await write(answer);
}

Task<Reply> LineServer::reply_to(RequestView& call) {
  if (auto wrong = call.parse()) co_return Reply{std::move(*wrong)};
  if (call.era() == mcp::Era::legacy) {
    if (call.method() == "ping") co_return Reply{Reply::Result{}};
    if (Following::is_about(call.method())) {
      co_return co_await following_.handle(service_, shared_from_this(), call, logger_);
    }
    co_return co_await run_service(service_, call, logger_);
  }
  if (call.method() == "server/discover") {
    const ServerDescription description = co_await service_.describe(call.caller());
    server_info_ = make_server_info(description);
    co_return Reply{Reply::Result{make_discover_members(description), {}}};
  }
  if (server_info_.empty()) co_await learn_server_info();
  co_return co_await run_service(service_, call, logger_);
}

Task<> LineServer::learn_server_info() {
  const ServerDescription description = co_await service_.describe(*caller_);
  server_info_ = make_server_info(description);
}

Task<> LineServer::serve(LinePtr line, jsonrpc::Message message, mcp::Era era) {
  const std::string text = co_await answer_text(std::move(line), std::move(message), era);
  if (!text.empty()) co_await write(text);
}

/// Empty when nobody waits for it (C-1). `line` keeps the bytes of `message` alive.
Task<std::string> LineServer::answer_text(LinePtr line, jsonrpc::Message message, mcp::Era era) {
  const bool modern = era == mcp::Era::modern;
  LineCall call(*this, calls_, request_prefix_ + std::to_string(next_request_++), line->caller,
                modern ? mcp::kModernVersion : version_, std::move(message),
                modern ? nullptr : &capabilities_, modern ? nullptr : &following_.log_floor());
  const Reply reply = co_await reply_to(call);
  if (call.cancelled().cancelled()) co_return std::string();
  if (const auto* result = std::get_if<Reply::Result>(&reply.value)) {
    const AnswerContext context{era, call.id(), call.method(), server_info_, settings_.cache_ttl};
    co_return Answer(context, *result).text();
  }
  if (const auto* failure = std::get_if<Reply::Failure>(&reply.value)) {
    co_return Answer(call.id(), *failure).text();
  }
  const auto& refusal = std::get<Reply::Refusal>(reply.value);
  co_return Answer(call.id(), {jsonrpc::kInvalidRequest, refusal.message, {}, 0}).text();
}

}  // namespace gatehouse::mcp_server
